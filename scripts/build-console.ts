// `npm run build:console`
import { buildConsole } from "./console-assets.ts";

await buildConsole();
