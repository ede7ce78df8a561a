import { describe, expect, it } from "vitest";
import { formatFor } from "../../../src/core/metrics/exposition.ts";

const BINARY = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily";

describe("the format asked for", () => {
  it.each([
    ["", "prometheus"],
    ["*/*", "prometheus"],
    ["text/plain", "prometheus"],
    ["text/plain; version=0.0.4", "prometheus"],
    ["text/html,application/xhtml+xml,*/*;q=0.8", "prometheus"],
    ["application/openmetrics-text", "openmetrics"],
    ["application/openmetrics-text; version=1.0.0", "openmetrics"],
    ['application/openmetrics-text; version="1.0.0"', "openmetrics"],
    ["APPLICATION/OpenMetrics-Text;Version=1.0.0", "openmetrics"],
    ["application/openmetrics-text; version=0.0.1", "prometheus"],
    ["application/openmetrics-text; version=2.0.0", "prometheus"],
    ["application/openmetrics-text;q=0", "prometheus"],
    ["application/openmetrics-text;q=x", "prometheus"],
    ["application/openmetrics-text;q=0.5,text/plain", "prometheus"],
    ["application/openmetrics-text;q=0.5,text/plain;q=0.4", "openmetrics"],
    ["application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", "prometheus"],
    [`${BINARY};encoding=text`, "prometheus"],
    [`${BINARY};encoding=delimited`, "protobuf"],
    [`${BINARY};encoding=delimited;q=0.3,text/plain;q=0.4`, "prometheus"],
    [
      `${BINARY};encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
      "protobuf",
    ],
    [
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      "openmetrics",
    ],
    [
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,*/*;q=0.2",
      "openmetrics",
    ],
  ])("%j is %s", (accept, format) => {
    expect(formatFor(accept)).toBe(format);
  });
});
