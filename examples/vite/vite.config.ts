import { cloudflare } from "@cloudflare/vite-plugin";
import { taskQueues } from "durable-taskqueue/vite";
import { defineConfig } from "vite";

export default defineConfig({ plugins: [taskQueues(), cloudflare()] });
