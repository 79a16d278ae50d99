// The ingestas: hand one in, and watch them; the newest first, by state if one is chosen.

import { leer, leerPagina, mandar } from "./api.js";
import { avisar, estado, h, hora, repintar, tabla } from "./dom.js";
import { desde, oir } from "./vivo.js";

const ESTADOS = ["Creada", "Pendiente", "Rechazada", "Finalizada", "Eliminada", "Fallida", "Alertada"];
const LIMITE = 50;
const ACTIVIDAD = 30;
// What a page that is left open keeps, and how many rows it asks for one by one.
const FILAS = 500;
const SUELTAS = 10;
const PAUSA_MS = 250;

function campo(id, texto, atributos = {}) {
  const ayuda = atributos.ayuda ? h("span", { class: "suave", id: `${id}-ayuda` }, atributos.ayuda) : null;
  const { ayuda: _, ...resto } = atributos;
  return [h("label", { for: id }, texto), h("input", {
    id, name: id, spellcheck: "false", autocomplete: "off",
    "aria-describedby": ayuda ? `${id}-ayuda` : null, ...resto,
  }), ayuda];
}

function formulario(sesion) {
  const error = h("p", { class: "error", role: "alert" });
  const enviar = h("button", { class: "principal" }, "Crear ingesta");
  const propio = sesion.id_proveedor;
  const forma = h("form", { class: "crear" },
    campo("id_proveedor", "Proveedor", { required: true, value: propio, readonly: Boolean(propio), ayuda: "uuid" }),
    campo("id_paciente", "Paciente", { required: true, ayuda: "uuid: el seudónimo del proveedor" }),
    campo("url_path", "Dirección de la imagen", { required: true, type: "url", placeholder: "https://imagenes.example.org/CT_small.dcm" }),
    h("details", {}, h("summary", {}, "Datos de la imagen (opcionales)"),
      campo("modalidad", "Modalidad", { ayuda: "código DICOM, como CT" }),
      campo("sha256", "SHA-256 del archivo"),
      campo("bytes", "Tamaño en bytes", { inputmode: "numeric" }),
      campo("study_instance_uid", "Study Instance UID"),
      campo("series_instance_uid", "Series Instance UID"),
      campo("sop_instance_uid", "SOP Instance UID")),
    error, h("p", { class: "acciones" }, enviar));
  // One name for one wish: pressing twice, or a lost answer, hands it in once.
  let nombre = crypto.randomUUID();
  forma.addEventListener("input", () => { nombre = crypto.randomUUID(); });
  forma.addEventListener("submit", async (suceso) => {
    suceso.preventDefault();
    error.textContent = "";
    enviar.disabled = true;
    try {
      const llenos = [...new FormData(forma)].filter(([, valor]) => valor.trim() !== "");
      const cuerpo = Object.fromEntries(llenos.map(([clave, valor]) => [clave, valor.trim()]));
      if (cuerpo.bytes) cuerpo.bytes = Number(cuerpo.bytes);
      const creada = await mandar("/ingesta/crear-ingesta-comando", cuerpo, nombre);
      nombre = crypto.randomUUID();
      forma.reset();
      avisar(`Ingesta ${creada.id_ingesta} creada`);
    } catch (fallo) {
      error.textContent = fallo.message;
    } finally {
      enviar.disabled = false;
    }
  });
  return h("section", { "aria-labelledby": "crear-titulo" },
    h("h2", { id: "crear-titulo" }, "Entregar una imagen"), forma);
}

export function lista({ sesion }) {
  const filas = new Map();
  let [siguiente, filtro, nuevas] = [null, "", new Set()];
  const cuerpo = h("div", { id: "ingestas" });
  const mas = h("button", { type: "button", hidden: true, onclick: () => cargar(siguiente) }, "Ver más antiguas");
  const llena = h("p", { class: "suave", hidden: true }, `Se muestran las ${FILAS} más recientes.`);
  const elegir = h("select", { id: "filtro", onchange: () => { filtro = elegir.value; recargar(); } },
    h("option", { value: "" }, "todos los estados"), ESTADOS.map((palabra) => h("option", {}, palabra)));
  const actividad = h("ol", { id: "actividad", class: "historia" });

  let [cerrada, reloj] = [false, null];
  // What has changed since it was last looked: ingesta to position.
  const cambiadas = new Map();

  function pintar() {
    const orden = [...filas.values()].sort((a, b) => (a.id_ingesta < b.id_ingesta ? 1 : -1));
    // The oldest go; they are a page further on.
    for (const fila of orden.splice(FILAS)) filas.delete(fila.id_ingesta);
    if (orden.length === FILAS) siguiente = null;
    repintar(cuerpo, tabla("Ingestas", ["Ingesta", "Estado", "Modalidad", "Entregada", "Cambió"], orden.map((fila) => {
      const celdas = [
        h("a", { href: `#/ingesta/${fila.id_ingesta}`, class: "mono" }, fila.id_ingesta),
        estado(fila.estado), fila.hechos?.modalidad ?? "–", hora(fila.fecha_creacion), hora(fila.fecha_actualizacion),
      ];
      celdas.atributos = { "data-id": fila.id_ingesta, class: nuevas.has(fila.id_ingesta) ? "nueva" : null };
      return celdas;
    }), "Aún no hay ninguna ingesta así."));
    mas.hidden = !siguiente;
    llena.hidden = orden.length < FILAS;
    nuevas = new Set();
  }

  function poner(fila) {
    const antes = filas.get(fila.id_ingesta);
    // A feed and a page may cross: the newer version stays.
    if (antes && antes.version > fila.version) return;
    if (filtro && fila.estado !== filtro) filas.delete(fila.id_ingesta);
    else filas.set(fila.id_ingesta, fila);
  }

  function primera(posicion) {
    const de = filtro ? `&estado=${filtro}` : "";
    const hasta = posicion ? `&desde=${posicion}` : "";
    return `/ingesta/todas?orden=recientes&limite=${LIMITE}${de}${hasta}`;
  }

  /** A page, unless another state was chosen meanwhile. */
  async function cargar(ruta) {
    const de = filtro;
    try {
      const pagina = await leerPagina(ruta);
      if (cerrada || de !== filtro) return;
      pagina.filas.forEach(poner);
      siguiente = pagina.siguiente;
      pintar();
    } catch (error) {
      if (cerrada || de !== filtro) return;
      avisar(error.message);
      if (error.status === 0 || error.status === 503) setTimeout(() => cargar(ruta), 2000);
    }
  }

  function recargar() {
    filas.clear();
    return cargar(primera(desde()));
  }

  /** Looks at what has changed: one by one, or where it is much, the newest together. */
  async function refrescar() {
    reloj = null;
    const lote = [...cambiadas];
    cambiadas.clear();
    const [, ultima] = lote.at(-1);
    try {
      let quedan = lote.map(([id]) => id);
      if (lote.length > SUELTAS) {
        const { filas: nuevasFilas } = await leerPagina(primera(ultima));
        nuevasFilas.forEach(poner);
        const vistas = new Set(nuevasFilas.map((fila) => fila.id_ingesta));
        quedan = quedan.filter((id) => filas.has(id) && !vistas.has(id));
      }
      for (const id of quedan) {
        if (cerrada) return;
        poner(await leer(`/ingesta/consulta-por-id/${id}?desde=${ultima}`));
      }
    } catch (error) {
      // Not now: they are looked at with the next ones.
      if (error.status === 0 || error.status === 503 || error.status === 429) {
        for (const [id] of lote) if (!cambiadas.has(id)) cambiadas.set(id, ultima);
        if (!cerrada) reloj ??= setTimeout(refrescar, 1000);
      }
      return;
    }
    if (cerrada) return;
    nuevas = new Set(lote.map(([id]) => id));
    pintar();
    if (cambiadas.size > 0) reloj ??= setTimeout(refrescar, PAUSA_MS);
  }

  const callar = oir(({ id, posicion, tipo, hora: cuando, datos }) => {
    if (!datos.id_ingesta) return;
    actividad.prepend(h("li", { "data-suceso": id },
      h("strong", {}, tipo), " ", h("a", { href: `#/ingesta/${datos.id_ingesta}`, class: "mono" }, datos.id_ingesta),
      " ", h("span", { class: "suave" }, hora(cuando))));
    while (actividad.children.length > ACTIVIDAD) actividad.lastChild.remove();
    cambiadas.set(datos.id_ingesta, posicion);
    reloj ??= setTimeout(refrescar, PAUSA_MS);
  });

  recargar();
  return {
    cerrar: () => { cerrada = true; callar(); clearTimeout(reloj); },
    partes: [
      h("h1", {}, "Ingestas"), formulario(sesion),
      h("section", { "aria-labelledby": "lista-titulo" }, h("h2", { id: "lista-titulo" }, "Lista"),
        h("p", { class: "acciones" }, h("label", { for: "filtro" }, "Estado"), elegir), cuerpo,
        h("p", { class: "acciones" }, mas), llena),
      h("section", { "aria-labelledby": "actividad-titulo" }, h("h2", { id: "actividad-titulo" }, "Lo que ocurre ahora"),
        h("p", { class: "suave" }, `Los últimos ${ACTIVIDAD} eventos desde que abrió la página.`), actividad),
    ],
  };
}
