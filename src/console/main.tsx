// The console: one page, drawn in the browser from what the API gives.
import { render } from "preact";
import "./style.css";

function Console() {
  return <h1>Task queues</h1>;
}

const place = document.getElementById("app");
if (place) render(<Console />, place);
