// What happens, while it happens: one feed for the whole page, from now on and without gaps.
//
// The browser's own EventSource cannot show a key, so the stream is read by hand. The cursor comes with
// every event and every heartbeat; after a lost connection it says where to go on.

import { cabeceras } from "./api.js";

const oyentes = new Set();
let corte = null;
let cursor = null;
// The last cursor that is the place of an event: one between events is no place that a view comes to.
let evento = null;

/** Behind which position everything will be told; what is read `desde` there misses nothing. */
export function desde() {
  return evento;
}

/**
 * Calls `oyente({topico, posicion, id, tipo, hora, datos})` for each event, until what it returns is
 * called. The log is ahead of the views: whoever reads one because of an event asks it `desde` there.
 */
export function oir(oyente) {
  oyentes.add(oyente);
  return () => oyentes.delete(oyente);
}

function decir(bloque) {
  let topico = "message";
  let datos = "";
  for (const linea of bloque.split("\n")) {
    if (linea.startsWith("id: ")) {
      cursor = linea.slice(4);
      if (!cursor.endsWith("-0")) evento = cursor;
    } else if (linea.startsWith("event: ")) topico = linea.slice(7);
    else if (linea.startsWith("data: ")) datos += linea.slice(6);
  }
  if (!datos) return;
  const mensaje = JSON.parse(datos);
  for (const oyente of [...oyentes]) {
    oyente({ topico, posicion: cursor, id: mensaje.id, tipo: mensaje.type, hora: mensaje.time, datos: mensaje.data ?? {} });
  }
}

async function leerTodo(senal, alEstar) {
  const headers = { ...cabeceras() };
  if (cursor) headers["Last-Event-ID"] = cursor;
  const respuesta = await fetch("/bff/stream", { headers, signal: senal });
  // A key that works no more: coming back does not help.
  if (respuesta.status === 401 || respuesta.status === 403) return "fuera";
  if (!respuesta.ok) return "otra vez";
  const lector = respuesta.body.pipeThrough(new TextDecoderStream()).getReader();
  let resto = "";
  let [estaba, esta] = [false, false];
  for (;;) {
    const { done, value } = await lector.read();
    if (done) return "otra vez";
    resto += value;
    const bloques = resto.split("\n\n");
    resto = bloques.pop();
    bloques.forEach(decir);
    // With the first block it is known where the feed is.
    [estaba, esta] = [esta, esta || bloques.length > 0];
    if (esta && !estaba) alEstar("en vivo");
  }
}

/** Begins, or begins anew with another key. `alEstar` is told: `en vivo`, `reconectando` or `fuera`. */
export async function conectar(alEstar) {
  corte?.abort();
  const mio = new AbortController();
  corte = mio;
  [cursor, evento] = [null, null];
  for (let espera = 500; !mio.signal.aborted; ) {
    let fin = "otra vez";
    try {
      fin = await leerTodo(mio.signal, (esta) => { espera = 500; alEstar(esta); });
    } catch {
      // It is said by the mark in the corner; what was missed comes after the cursor.
    }
    if (mio.signal.aborted) return;
    if (fin === "fuera") {
      alEstar("fuera");
      return;
    }
    alEstar("reconectando");
    await new Promise((resolve) => { setTimeout(resolve, espera); });
    espera = Math.min(espera * 2, 10000);
  }
}
