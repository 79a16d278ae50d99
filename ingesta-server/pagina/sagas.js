// The sagas: where each is, since when, what it waits for; and what a person can do about it.

import { leerPagina, mandar } from "./api.js";
import { avisar, estado, h, hora, preguntar, repintar, tabla } from "./dom.js";

/** The log of one saga. */
export function lineasDeSaga(saga) {
  const espera = saga.espera ? `espera ${saga.espera.de}` : "no espera nada";
  return h("div", {},
    h("p", {}, estado(saga.estado), " desde ", hora(saga.desde), `, ${espera}`, saga.atascada ? h("strong", { class: "error" }, " · atascada") : null),
    h("ol", { class: "historia" }, saga.historia.map((suceso) => h("li", {},
      h("strong", {}, suceso.evento), " ", suceso.sobre ?? "", suceso.codigo ? ` (${suceso.codigo})` : "",
      suceso.intento > 1 ? `, intento ${suceso.intento}` : "", " ", h("span", { class: "suave" }, hora(suceso.fecha))))));
}

function botones(saga, despues) {
  const decir = async (ruta, cuerpo) => {
    try {
      await mandar(`/operacion/sagas/${saga.id_ingesta}/${ruta}`, cuerpo, crypto.randomUUID());
      avisar("Dicho a la saga");
    } catch (error) {
      avisar(error.message);
    }
    despues();
  };
  return h("span", { class: "acciones" },
    h("button", { type: "button", "data-reintentar": saga.id_ingesta, onclick: () => decir("reintentar", null) }, "Reintentar"),
    h("button", { type: "button", "data-abandonar": saga.id_ingesta, onclick: async () => {
      const motivo = await preguntar("Se abandona la saga: nadie deshará lo que falta.", true);
      if (motivo) decir("abandonar", { motivo });
    } }, "Abandonar"));
}

export function sagas() {
  const cuerpo = h("div", { id: "sagas" });
  const todas = h("input", { id: "todas", type: "checkbox", onchange: () => cargar() });
  let [mirando, cerrada, dicho] = [false, false, null];
  async function cargar() {
    if (mirando || cerrada) return;
    mirando = true;
    try {
      let ruta = `/operacion/sagas${todas.checked ? "?todas=true" : ""}`;
      const filas = [];
      // A page may be empty and still not the last one.
      while (ruta && filas.length < 100) {
        const pagina = await leerPagina(ruta);
        filas.push(...pagina.filas);
        ruta = pagina.siguiente;
      }
      if (cerrada || dicho === JSON.stringify(filas)) return;
      dicho = JSON.stringify(filas);
      repintar(cuerpo, tabla("Sagas", ["Ingesta", "Estado", "Desde", "Espera", "Atascada", ""], filas.map((saga) => [
        h("a", { href: `#/ingesta/${saga.id_ingesta}`, class: "mono" }, saga.id_ingesta), estado(saga.estado), hora(saga.desde),
        saga.espera?.de ?? "–", saga.atascada ? "sí" : "no",
        ["Finalizada", "Fallida", "Rechazada", "Eliminada", "Abandonada"].includes(saga.estado) ? "" : botones(saga, cargar),
      ]), "Ninguna saga está en curso."));
    } catch (error) {
      dicho = null;
      cuerpo.replaceChildren(h("p", { class: "error" }, error.message));
    } finally {
      mirando = false;
    }
  }
  const reloj = setInterval(cargar, 5000);
  cargar();
  return {
    cerrar: () => { cerrada = true; clearInterval(reloj); },
    partes: [h("h1", {}, "Sagas"), h("section", { "aria-label": "Sagas" },
      h("p", { class: "acciones" }, todas, h("label", { for: "todas" }, "También las que han terminado")), cuerpo)],
  };
}
