// The server's HTTP interface, with the reader's key, and its refusals as errors with words.

const CLAVE = "ingesta.clave";
let clave = sessionStorage.getItem(CLAVE);

/** A refusal: `code` for programs, `message` for people. */
export class Problema extends Error {
  constructor(status, cuerpo) {
    super(cuerpo.detail ?? `el servidor respondió ${status}`);
    this.status = status;
    this.code = cuerpo.code ?? "";
  }
}

export function conClave(nueva) {
  clave = nueva;
  if (nueva) sessionStorage.setItem(CLAVE, nueva);
  else sessionStorage.removeItem(CLAVE);
}

export function cabeceras() {
  return clave ? { Authorization: `Bearer ${clave}` } : {};
}

async function pedir(ruta, opciones = {}) {
  const headers = { ...cabeceras(), ...opciones.headers };
  let respuesta;
  try {
    respuesta = await fetch(ruta, { ...opciones, headers });
  } catch {
    throw new Problema(0, { code: "sin_servidor", detail: "el servidor no responde; se intentará de nuevo" });
  }
  if (respuesta.ok) return respuesta;
  throw new Problema(respuesta.status, await respuesta.json().catch(() => ({})));
}

export async function leer(ruta) {
  return (await pedir(ruta)).json();
}

/** A page: its rows, and the address of the next one where there is one. */
export async function leerPagina(ruta) {
  const respuesta = await pedir(ruta);
  const siguiente = /<([^>]+)>;\s*rel="?next/.exec(respuesta.headers.get("Link") ?? "");
  return { filas: await respuesta.json(), siguiente: siguiente?.[1] ?? null };
}

/**
 * A command. With a name it may be sent again when nobody knows what became of it; `mandar` does that
 * while the server says that it does not know, or does not answer.
 */
export async function mandar(ruta, cuerpo, nombre = null) {
  const headers = {};
  if (cuerpo !== undefined && cuerpo !== null) headers["Content-Type"] = "application/json";
  if (nombre) headers["Idempotency-Key"] = nombre;
  const body = cuerpo === undefined || cuerpo === null ? undefined : JSON.stringify(cuerpo);
  for (let intento = 1; ; intento += 1) {
    try {
      const respuesta = await pedir(ruta, { method: "POST", headers, body });
      const texto = await respuesta.text();
      return texto ? JSON.parse(texto) : null;
    } catch (error) {
      const puede = nombre && (error.status === 0 || error.status === 503) && intento < 30;
      if (!puede) throw error;
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
    }
  }
}
