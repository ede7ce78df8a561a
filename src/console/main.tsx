// Entry point: a single-page app on the API.
import "./charts/browser-locale.ts";
import { render } from "preact";
import { App } from "./app.tsx";
import { followQueues } from "./live/queues.ts";
import { followLinks } from "./navigation.ts";
import { followTheme } from "./shell/theme.ts";
import "./style.css";

const place = document.getElementById("app");
if (place) {
  followTheme();
  followLinks();
  followQueues();
  render(<App />, place);
}
