// One ingesta: its life, its history with every event, how it was at any of them, and what can be done.

import { leer, mandar } from "./api.js";
import { avisar, estado, h, hora, preguntar, repintar } from "./dom.js";
import { desde as alDia, oir } from "./vivo.js";
import { lineasDeSaga } from "./sagas.js";

const TERMINALES = ["Rechazada", "Finalizada", "Eliminada", "Fallida"];

function datos(fila) {
  const pares = [
    ["Estado", estado(fila.estado)], ["Versión", String(fila.version)],
    ["Proveedor", h("span", { class: "mono" }, fila.id_proveedor)],
    ["Paciente", h("span", { class: "mono" }, fila.id_paciente)],
    ["Imagen", h("span", { class: "mono" }, fila.url_path)],
    ["Entregada", hora(fila.fecha_creacion)], ["Cambió", hora(fila.fecha_actualizacion)],
    ...(fila.motivos?.length ? [["Motivos", fila.motivos.join(", ")]] : []),
    ...(fila.motivo ? [["Motivo", fila.motivo]] : []),
    ...Object.entries(fila.hechos ?? {}).map(([clave, valor]) => [clave, h("span", { class: "mono" }, String(valor))]),
  ];
  return h("dl", {}, pares.map(([nombre, valor]) => [h("dt", {}, nombre), h("dd", {}, valor)]));
}

function vida(fila, historia) {
  const pasos = historia.filter((hecho) => hecho.de === "ingesta").map((hecho) => hecho.evento);
  return h("ol", { class: "vida", "aria-label": "Su vida" },
    pasos.map((paso) => h("li", {}, paso)),
    TERMINALES.includes(fila.estado) ? h("li", {}, h("strong", {}, "fin")) : h("li", { class: "suave" }, "…"));
}

function linea(hecho, abierta) {
  return h("li", { "data-suceso": `${hecho.de}/${hecho.version}` },
    h("strong", {}, hecho.evento), " ", h("span", { class: "suave" }, `${hecho.de}, versión ${hecho.version} · `, hora(hecho.registrado)),
    hecho.ilegible ? h("p", { class: "error" }, "Este programa no puede leer este evento.") : null,
    h("details", { open: abierta }, h("summary", { "data-hecho": `${hecho.de}/${hecho.version}` }, "El evento"),
      h("dl", {}, [["Posición", hecho.posicion], ["Conversación", hecho.correlacion], ["Causa", hecho.causa], ["Quién", hecho.actor]]
        .filter(([, valor]) => valor).map(([nombre, valor]) => [h("dt", {}, nombre), h("dd", { class: "mono" }, valor)])),
      h("pre", { class: "mono", tabindex: "0" }, JSON.stringify(hecho.datos, null, 2))));
}

/** The state at any of its versions: the same answer that was given then. */
function viaje(id, actual, elegida) {
  const muestra = h("div", { id: "entonces", "aria-live": "polite" });
  const regla = h("input", { id: "version", type: "range", min: 1, max: actual, value: elegida, step: 1 });
  const dicha = h("output", { for: "version" }, String(elegida));
  async function ver() {
    const pedida = regla.value;
    dicha.textContent = pedida;
    try {
      const entonces = await leer(`/ingesta/consulta-por-id/${id}?version=${pedida}`);
      // The slider may have gone on meanwhile.
      if (pedida !== regla.value) return;
      muestra.replaceChildren(datos(entonces));
    } catch (error) {
      muestra.replaceChildren(h("p", { class: "error" }, error.message));
    }
  }
  regla.addEventListener("input", ver);
  ver();
  return [h("label", { for: "version" }, "Cómo era en la versión ", dicha), regla, muestra];
}

function acciones(id, fila, sesion, despues) {
  const boton = (texto, orden, pregunta, motivo = false) => h("button", {
    type: "button", "data-orden": orden,
    onclick: async () => {
      const si = await preguntar(pregunta, motivo);
      if (si === null) return;
      try {
        const hecho = await mandar(`/ingesta/${id}/${orden}`, motivo ? { motivo: si } : null, crypto.randomUUID());
        avisar("Hecho");
        despues(hecho.posicion);
      } catch (error) {
        avisar(error.message);
        despues(null);
      }
    },
  }, texto);
  const posibles = [];
  const operador = sesion.papel !== "proveedor";
  if (["Creada", "Alertada"].includes(fila.estado)) posibles.push(boton("Eliminar", "eliminar", "La ingesta se retira para siempre."));
  if (operador && fila.estado === "Creada") posibles.push(boton("Iniciar", "iniciar", "Se inicia su proceso."));
  if (operador && ["Pendiente", "Alertada"].includes(fila.estado)) {
    posibles.push(boton("Finalizar", "finalizar", "La ingesta termina bien."));
    posibles.push(boton("Revertir", "revertir", "Se deshace lo hecho y termina Fallida.", true));
  }
  return posibles.length ? h("p", { class: "acciones" }, posibles) : h("p", { class: "suave" }, "Nada que hacer: su vida ha terminado o sigue sola.");
}

export function una({ sesion, id }) {
  const cuerpo = h("div", { id: "una", class: "partes", "data-id": id });
  const aviso = h("p", { class: "error", role: "alert" });
  let [mirando, otra] = [false, false];
  let cerrada = false;
  let desde = alDia() ? `?desde=${alDia()}` : "";
  /** What the reader has opened and chosen, so that news do not take it away. */
  function elegido(actual) {
    const regla = cuerpo.querySelector("#version");
    const movida = regla && regla.value !== regla.max;
    const abiertas = [...cuerpo.querySelectorAll("#historia details[open]")];
    return {
      version: movida ? regla.value : actual,
      abiertas: new Set(abiertas.map((una) => una.closest("[data-suceso]").dataset.suceso)),
    };
  }
  async function cargar(posicion) {
    if (cerrada) return;
    if (posicion) desde = `?desde=${posicion}`;
    // What comes while it is looking makes it look once more.
    otra = mirando;
    if (mirando) return;
    mirando = true;
    try {
      const [fila, historia, saga] = await Promise.all([
        leer(`/ingesta/consulta-por-id/${id}${desde}`), leer(`/ingesta/${id}/historia`),
        leer(`/ingesta/${id}/saga`).catch(() => null),
      ]);
      if (cerrada) return;
      aviso.textContent = "";
      const { version, abiertas } = elegido(fila.version);
      repintar(cuerpo,
        h("section", { "aria-label": "Ahora" }, h("h2", {}, "Ahora"), vida(fila, historia), datos(fila), acciones(id, fila, sesion, cargar)),
        h("section", { "aria-label": "Viaje en el tiempo" }, h("h2", {}, "Viaje en el tiempo"), viaje(id, fila.version, version)),
        h("section", { "aria-label": "Historia" }, h("h2", {}, "Historia"), h("ol", { id: "historia", class: "historia" }, historia.map((hecho) => linea(hecho, abiertas.has(`${hecho.de}/${hecho.version}`))))),
        ...(saga ? [h("section", { "aria-label": "Saga" }, h("h2", {}, "Saga"), h("div", { id: "saga" }, lineasDeSaga(saga)))] : []));
    } catch (error) {
      aviso.textContent = error.message;
      if (error.status === 0 || error.status === 503) setTimeout(() => cargar(null), 1500);
    } finally {
      mirando = false;
      if (otra) cargar(null);
    }
  }
  const callar = oir(({ posicion, datos: suyos }) => { if (suyos.id_ingesta === id) cargar(posicion); });
  // What a saga does between two events of its ingesta is on no feed.
  const reloj = setInterval(async () => {
    const sitio = cuerpo.querySelector("#saga");
    const saga = sitio && await leer(`/ingesta/${id}/saga`).catch(() => null);
    if (saga) repintar(sitio, lineasDeSaga(saga));
  }, 5000);
  cargar(null);
  return {
    cerrar: () => { cerrada = true; callar(); clearInterval(reloj); },
    partes: [h("h1", {}, "Ingesta ", h("span", { class: "mono" }, id)), aviso, cuerpo],
  };
}
