// `durable-taskqueue/tracing`: for Workers with an OpenTelemetry provider. By itself, so that no other Worker needs
// OpenTelemetry's API.
export { tracing } from "./objects/tracing/spans.ts";
export type { Tracing } from "./objects/tracing/tracing.ts";
