// Spans are sent to an OpenTelemetry collector. Any provider will do: the queues only use OpenTelemetry's API.
import { env } from "cloudflare:workers";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

const exporter = new OTLPTraceExporter({ url: (env as Env).OTLP_URL });

context.setGlobalContextManager(new AsyncLocalStorageContextManager());
trace.setGlobalTracerProvider(
  new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "example-tracing" }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  }),
);
