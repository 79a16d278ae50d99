// Elements, made of text and never of markup: nothing that a server says becomes code.

/** An element: `h("p", {class: "x"}, "text", another)`. A handler is `onclick`; null is left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** A table whose cells know their column, for screens where a row is a card. */
export function tabla(titulo, columnas, filas, vacia = "No hay nada que mostrar.") {
  if (filas.length === 0) return h("p", { class: "suave" }, vacia);
  const celda = (fila) => (columna, i) => {
    const contenido = fila[i] ?? "–";
    return h("td", { "data-de": columna }, contenido);
  };
  return h("table", { "aria-label": titulo },
    h("thead", {}, h("tr", {}, columnas.map((columna) => h("th", { scope: "col" }, columna)))),
    h("tbody", {}, filas.map((fila) => h("tr", fila.atributos ?? {}, columnas.map(celda(fila))))));
}

const CLASES = {
  Finalizada: "bien", Rechazada: "mal", Fallida: "mal", Eliminada: "aviso", Alertada: "aviso",
  running: "bien", done: "bien", "cluster-changed": "mal", failed: "mal", interrupted: "aviso",
  rebuilding: "aviso", verifying: "aviso", stopped: "aviso",
};
const PALABRAS = {
  running: "al día", idle: "en reposo", "cluster-changed": "otro clúster", rebuilding: "reconstruyéndose",
  verifying: "verificándose", interrupted: "interrumpida",
};

/** The word of a state, with its colour; the word alone says it too. */
export function estado(palabra) {
  return h("span", { class: `estado ${CLASES[palabra] ?? ""}` }, PALABRAS[palabra] ?? palabra);
}

export function hora(texto) {
  if (!texto) return "–";
  const fecha = new Date(texto);
  const palabras = fecha.toLocaleString("es", { dateStyle: "short", timeStyle: "medium" });
  return h("time", { datetime: texto, title: texto }, palabras);
}

export function numero(valor) {
  return valor === null || valor === undefined ? "–" : Number(valor).toLocaleString("es");
}

export function hace(segundos) {
  if (segundos === null || segundos === undefined) return "";
  return segundos < 120 ? ` (${Math.round(segundos)} s)` : ` (${Math.round(segundos / 60)} min)`;
}

/** What tells a control apart from its neighbours, over a repaint. */
function senas(control) {
  const marcas = ["href", "id", ...control.getAttributeNames().filter((name) => name.startsWith("data-"))];
  const puestas = marcas.filter((name) => control.getAttribute(name));
  const palabras = puestas.map((name) => `[${name}="${CSS.escape(control.getAttribute(name))}"]`);
  return palabras.length > 0 ? control.tagName + palabras.join("") : null;
}

/** Shows something else in a place, without taking the focus from whoever is in it. */
export function repintar(sitio, ...partes) {
  const dentro = sitio.contains(document.activeElement) ? senas(document.activeElement) : null;
  sitio.replaceChildren(...partes);
  if (dentro) sitio.querySelector(dentro)?.focus({ preventScroll: true });
}

let borrar;
/** Said once, by eye and by ear, and gone after a while. */
export function avisar(texto) {
  const avisos = document.getElementById("avisos");
  avisos.textContent = texto;
  clearTimeout(borrar);
  borrar = setTimeout(() => { avisos.textContent = ""; }, 8000);
}

/** Asks before something that cannot be taken back. The reason, or true; null: no. */
export function preguntar(texto, conMotivo = false) {
  const dialogo = document.getElementById("pregunta");
  const motivo = document.getElementById("motivo");
  document.getElementById("pregunta-texto").textContent = texto;
  document.getElementById("pregunta-motivo").hidden = !conMotivo;
  motivo.required = conMotivo;
  motivo.value = "";
  dialogo.returnValue = "";
  dialogo.showModal();
  return new Promise((resolve) => {
    dialogo.addEventListener("close", () => {
      if (dialogo.returnValue !== "si") resolve(null);
      else resolve(conMotivo ? motivo.value : true);
    }, { once: true });
  });
}
