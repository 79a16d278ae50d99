// The page's frame: who is here, which section is shown, and whether the feed is alive.

import { conClave, leer } from "./api.js";
import { conectar } from "./vivo.js";
import { avisar, h } from "./dom.js";
import { lista } from "./lista.js";
import { una } from "./una.js";
import { fallas } from "./fallas.js";
import { operacion } from "./operacion.js";
import { sagas } from "./sagas.js";

const contenido = document.getElementById("contenido");
const conexion = document.getElementById("conexion");
const boton = document.getElementById("quien");
const entrada = document.getElementById("entrada");

const SECCIONES = [
  [/^#\/ingesta\/([0-9a-f-]{36})$/, una],
  [/^#\/fallas$/, fallas],
  [/^#\/operacion$/, operacion],
  [/^#\/sagas$/, sagas],
  [/^(?:#\/?)?$/, lista],
];

let sesion = null;
let cerrar = () => {};

function mostrar() {
  cerrar();
  cerrar = () => {};
  const donde = location.hash;
  for (const enlace of document.querySelectorAll("nav a")) {
    const aqui = enlace.getAttribute("href") === (donde || "#/");
    if (aqui) enlace.setAttribute("aria-current", "page");
    else enlace.removeAttribute("aria-current");
  }
  if (!sesion) return;
  const [patron, seccion] = SECCIONES.find(([patron]) => patron.test(donde)) ?? [];
  if (!seccion) {
    contenido.replaceChildren(h("h1", {}, "No hay tal sección"), h("p", {}, h("a", { href: "#/" }, "Volver")));
    return;
  }
  const vista = seccion({ sesion, id: patron.exec(donde)[1] });
  cerrar = vista.cerrar;
  contenido.replaceChildren(...vista.partes);
  document.title = `${contenido.querySelector("h1")?.textContent ?? "Ingesta"} · Ingesta`;
  contenido.focus({ preventScroll: true });
}

async function reconocer() {
  try {
    sesion = await leer("/bff/quien");
  } catch (error) {
    sesion = null;
    cerrar();
    cerrar = () => {};
    contenido.replaceChildren(
      h("h1", {}, "Ingesta"),
      h("p", {}, error.status === 401 ? "Entre con su clave para ver sus ingestas." : error.message));
    if (error.status === 0) setTimeout(reconocer, 2000);
    return error;
  }
  boton.textContent = sesion.abierto ? "abierto a esta máquina" : `${sesion.nombre} (${sesion.papel})`;
  boton.disabled = sesion.abierto;
  for (const parte of document.querySelectorAll(".de-operador")) parte.hidden = sesion.papel === "proveedor";
  // The feed first: what is shown then is read from where it begins, so that nothing falls between.
  let primera = null;
  conectar((esta) => {
    conexion.classList.toggle("vivo", esta === "en vivo");
    conexion.textContent = esta === "fuera" ? "sin conexión" : esta;
    if (esta === "fuera") {
      reconocer();
    } else if (primera === null || (esta === "en vivo" && primera !== esta)) {
      // Without a feed too: it is shown once more when there is one.
      primera = esta;
      mostrar();
    }
  });
  return null;
}

boton.addEventListener("click", () => {
  document.getElementById("entrada-error").textContent = "";
  entrada.showModal();
});

entrada.querySelector("form").addEventListener("submit", async (suceso) => {
  if (suceso.submitter?.value !== "entrar") return;
  suceso.preventDefault();
  const campo = document.getElementById("clave");
  conClave(campo.value.trim());
  const error = await reconocer();
  if (error) {
    conClave(null);
    document.getElementById("entrada-error").textContent = error.message;
    return;
  }
  campo.value = "";
  entrada.close();
  avisar(`Entró como ${sesion.nombre}`);
});

window.addEventListener("hashchange", mostrar);
reconocer();
