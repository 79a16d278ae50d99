// What an operator looks after: projections and their rebuilds, parked streams, relays, messages put
// aside. Looked at every two seconds, and twice a second while a rebuild runs.

import { leer, mandar } from "./api.js";
import { avisar, estado, h, hace, hora, numero, preguntar, repintar, tabla } from "./dom.js";

const FASES = {
  waiting: "espera", folding: "lee el registro", writing: "escribe filas", indexing: "hace la clave",
  catching_up: "se pone al día", comparing: "compara", swapping: "cambia la tabla", done: "hecho",
};

async function hacer(ruta, cuerpo, despues) {
  try {
    await mandar(ruta, cuerpo);
  } catch (error) {
    avisar(error.message);
  }
  despues();
}

function barra(obra, nombre) {
  const cuenta = obra.phase === "folding" && obra.events_expected;
  const texto = obra.state === "running"
    ? `${FASES[obra.phase] ?? obra.phase}: ${numero(obra.events_read)} eventos, ${numero(obra.rows_written)} filas`
    : { done: `hecha: ${numero(obra.rows_written)} filas` + (obra.rows_differing === null ? "" : `, ${numero(obra.rows_differing)} distintas`),
        stopped: "detenida; la siguiente sigue donde quedó", failed: `falló: ${obra.error}` }[obra.state];
  return h("div", { class: "obra", "data-estado": obra.state },
    obra.state === "running" ? h("progress", { "aria-label": `Reconstrucción de ${nombre}`,
      max: cuenta ? obra.events_expected : null, value: cuenta ? Math.min(obra.events_read, obra.events_expected) : null }) : null,
    h("p", { class: obra.state === "failed" ? "error" : "suave" }, texto, obra.note ? ` · ${obra.note}` : ""));
}

function proyecciones(filas, despues) {
  const ocupado = filas.some((fila) => fila.rebuild?.state === "running");
  return tabla("Proyecciones", ["Nombre", "Estado", "Atraso", "Filas", "Apartados", "Reconstrucción"], filas.map((fila) => {
    const corre = fila.rebuild?.state === "running";
    const ruta = `/operacion/proyecciones/${fila.name}/`;
    const celdas = [
      h("span", { class: "mono" }, fila.name), estado(fila.state), `${numero(fila.lag_events)} eventos${hace(fila.lag_seconds)}`,
      numero(fila.rows_estimate), numero(fila.parked),
      h("div", {}, fila.rebuild ? barra(fila.rebuild, fila.name) : null,
        corre ? h("button", { type: "button", "data-reconstruir": fila.name, onclick: () => hacer(`${ruta}detener`, null, despues) }, "Detener")
          : h("button", { type: "button", disabled: ocupado, "data-reconstruir": fila.name,
              onclick: () => hacer(`${ruta}reconstruir`, null, despues) }, "Reconstruir")),
    ];
    celdas.atributos = { "data-nombre": fila.name };
    return celdas;
  }));
}

function apartados(filas, despues) {
  const flujos = filas.flatMap((fila) => fila.parked.map((parked) => ({ fila, parked })));
  return tabla("Flujos apartados", ["Suscripción", "Flujo", "Evento", "Por qué", "Intentos", "Siguiente", ""], flujos.map(({ fila, parked }) => {
    const ruta = `/operacion/suscripciones/${encodeURIComponent(fila.name)}/`;
    return [
      fila.name, h("span", { class: "mono" }, parked.stream), String(parked.sequence), `${parked.message} (${parked.code})`,
      String(parked.attempts), parked.retry_at ? hora(parked.retry_at) : "espera a una persona",
      h("span", { class: "acciones" },
        h("button", { type: "button", "data-reanudar": parked.stream, "data-de": fila.name, onclick: () => hacer(`${ruta}reanudar`, { stream: parked.stream }, despues) }, "Reanudar"),
        h("button", { type: "button", "data-saltar": parked.stream, "data-de": fila.name, onclick: async () => {
          const si = await preguntar(`${fila.name} no procesará nunca el evento ${parked.sequence} de ${parked.stream}.`);
          if (si) hacer(`${ruta}saltar`, { stream: parked.stream, sequence: parked.sequence }, despues);
        } }, "Saltar")),
    ];
  }), "Ningún flujo está apartado.");
}

function suscripciones(filas) {
  return tabla("Suscripciones", ["Nombre", "Estado", "Atraso", "Apartados", "Quién la lleva"], filas.map((fila) => [
    h("span", { class: "mono" }, fila.name), estado(fila.state), `${numero(fila.lag_events)} eventos${hace(fila.lag_seconds)}`,
    numero(fila.parked.length), h("span", { class: "mono suave" }, fila.owner ?? "–"),
  ]));
}

function relevos(filas) {
  return tabla("Relevos", ["Nombre", "Estado", "Atraso", "En vuelo", "Confirmados", "Traba"], filas.map((fila) => [
    h("span", { class: "mono" }, fila.name), estado(fila.state), `${numero(fila.lag_events)} eventos${hace(fila.lag_seconds)}`,
    numero(fila.in_flight), numero(fila.acknowledged),
    fila.last_error ? h("span", { class: "error" }, `${fila.last_error.message} desde `, hora(fila.last_error.since)) : "–",
  ]), "Este registro no se publica: no hay broker.");
}

function cartas(topicos, despues) {
  const filas = topicos.flatMap((topico) => topico.letters);
  return tabla("Mensajes apartados", ["Mensaje", "Cuándo", "Por qué", "Repetido", "Bytes", ""], filas.map((carta) => [
    h("span", { class: "mono" }, carta.name), hora(carta.at), `${carta.reason} (${carta.code})`, String(carta.replays), numero(carta.value_bytes),
    h("span", { class: "acciones" },
      h("button", { type: "button", "data-repetir": carta.name, onclick: () => hacer("/operacion/apartados/repetir", { name: carta.name }, despues) }, "Repetir"),
      h("button", { type: "button", "data-descartar": carta.name, onclick: async () => {
        const si = await preguntar(`El mensaje ${carta.name} se borra para siempre.`);
        if (si) hacer("/operacion/apartados/descartar", { name: carta.name }, despues);
      } }, "Descartar")),
  ]), "Ningún mensaje está apartado.");
}

export function operacion() {
  // Each part is replaced only where it changed, so that a focus or an open dialog is not lost.
  const partes = [
    ["Proyecciones", "/operacion/proyecciones", proyecciones], ["Flujos apartados", "/operacion/suscripciones", apartados],
    ["Suscripciones", "/operacion/suscripciones", suscripciones], ["Relevos", "/operacion/relevos", relevos],
    ["Mensajes apartados", "/operacion/apartados", cartas],
  ].map(([titulo, ruta, pintar]) => ({ titulo, ruta, pintar, dicho: null, cuerpo: h("div", { "data-parte": titulo }) }));
  let [reloj, abierta, vuelta, turno] = [null, true, 0, 0];
  function una(parte, texto) {
    if (parte.dicho === texto) return;
    parte.dicho = texto;
    repintar(parte.cuerpo, parte.pintar(JSON.parse(texto), pronto));
  }
  async function mirar() {
    turno += 1;
    const mio = turno;
    const rapido = partes[0].dicho?.includes('"state":"running","phase"');
    // Messages put aside are read from the broker: seldom.
    const ahora = partes.filter((parte) => vuelta % 5 === 0 || parte.ruta !== "/operacion/apartados")
      .filter((parte) => vuelta % 4 === 0 || !rapido || parte === partes[0]);
    vuelta += 1;
    const rutas = [...new Set(ahora.map((parte) => parte.ruta))];
    await Promise.all(rutas.map(async (ruta) => {
      const suyas = ahora.filter((parte) => parte.ruta === ruta);
      try {
        const texto = JSON.stringify(await leer(ruta));
        // Whoever looked later has the newer answer.
        if (!abierta || mio !== turno) return;
        suyas.forEach((parte) => una(parte, texto));
      } catch (error) {
        suyas.forEach((parte) => { parte.dicho = null; parte.cuerpo.replaceChildren(h("p", { class: "suave" }, error.message)); });
      }
    }));
    if (abierta && mio === turno) reloj = setTimeout(mirar, rapido ? 500 : 2000);
  }
  function pronto() {
    clearTimeout(reloj);
    vuelta = 0;
    mirar();
  }
  mirar();
  return {
    cerrar: () => { abierta = false; clearTimeout(reloj); },
    partes: [h("h1", {}, "Operación"), ...partes.map(({ titulo, cuerpo }) =>
      h("section", { "aria-label": titulo }, h("h2", {}, titulo), cuerpo))],
  };
}
