// What failed and was undone, what was refused, and what waits for a person: the newest first.

import { leerPagina } from "./api.js";
import { estado, h, hora, repintar, tabla } from "./dom.js";
import { desde as alDia, oir } from "./vivo.js";

const CLASES = [
  ["Fallida", "Fallidas", "Fallaron y se deshizo lo hecho."],
  ["Rechazada", "Rechazadas", "Su imagen no se aceptó."],
  ["Alertada", "Alertadas", "Esperan a que una persona decida."],
];

function parte(palabra, titulo, texto) {
  const cuerpo = h("div", { "data-estado": palabra });
  async function cargar(posicion) {
    const desde = posicion ? `&desde=${posicion}` : "";
    try {
      const { filas, siguiente } = await leerPagina(`/ingesta/todas?orden=recientes&limite=50&estado=${palabra}${desde}`);
      repintar(cuerpo, tabla(titulo, ["Ingesta", "Estado", "Por qué", "Cuándo"], filas.map((fila) => [
        h("a", { href: `#/ingesta/${fila.id_ingesta}`, class: "mono" }, fila.id_ingesta), estado(fila.estado),
        fila.motivos?.join(", ") || fila.motivo || "–", hora(fila.fecha_actualizacion),
      ]), "Ninguna."), ...(siguiente ? [h("p", { class: "suave" }, "Hay más: la lista de ingestas las muestra por estado.")] : []));
    } catch (error) {
      cuerpo.replaceChildren(h("p", { class: "error" }, error.message));
    }
  }
  return { cargar, seccion: h("section", { "aria-label": titulo }, h("h2", {}, titulo), h("p", { class: "suave" }, texto), cuerpo) };
}

export function fallas() {
  const partes = CLASES.map((clase) => parte(...clase));
  const cargar = (posicion) => partes.forEach(({ cargar: una }) => una(posicion));
  // Many events in a moment are one look.
  let luego = null;
  let hasta = null;
  const callar = oir(({ posicion }) => {
    hasta = posicion;
    luego ??= setTimeout(() => { luego = null; cargar(hasta); }, 500);
  });
  cargar(alDia());
  return {
    cerrar: () => { callar(); clearTimeout(luego); },
    partes: [h("h1", {}, "Fallas"), ...partes.map(({ seccion }) => seccion)],
  };
}
