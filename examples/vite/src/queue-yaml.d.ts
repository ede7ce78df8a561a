declare module "*/queue.yaml" {
  const config: import("durable-taskqueue").CompiledFiles;
  export default config;
}
