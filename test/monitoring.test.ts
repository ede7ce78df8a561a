// What the docs have for Grafana and Prometheus speaks of metrics that there are.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { familyText } from "../src/core/metrics/exposition.ts";
import { familiesOf } from "../src/core/metrics/queue-families.ts";

const text = (file: string) => readFileSync(`docs/monitoring/${file}`, "utf8");

/** Every name a series can have, and the labels it has. */
const NAMES = new Set(
  familiesOf({ now: 0, queues: [], cron: [] }).flatMap(({ name, type }) => {
    if (type === "histogram") return ["_bucket", "_sum", "_count"].map((end) => name + end);
    return type === "counter" ? `${name}_total` : name;
  }),
);

const namesIn = (source: string) => source.match(/\btaskqueue_[a-z_]+/g) ?? [];

interface Dashboard {
  panels: { id: number; title: string; gridPos: Box; targets: { expr: string }[] }[];
  templating: { list: { name: string }[] };
}

interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

describe("the dashboard", () => {
  const { panels, templating } = JSON.parse(text("grafana.json")) as Dashboard;

  it.each(panels.map(({ title, targets }) => [title, targets] as const))(
    "has a panel of metrics that there are: %s",
    (_, targets) => {
      expect(targets.length).toBeGreaterThan(0);
      for (const { expr } of targets) {
        expect(namesIn(expr).length, expr).toBeGreaterThan(0);
        for (const name of namesIn(expr)) expect(NAMES, expr).toContain(name);
      }
    },
  );

  it("has its variables, and panels side by side", () => {
    const known = templating.list.map(({ name }) => name);
    const used = text("grafana.json").match(/\$\{?(datasource|queue)\b/g) ?? [];
    for (const one of used) expect(known).toContain(one.replace(/\W/g, ""));
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.map(({ gridPos: { x, y, w } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return `${x} ${y}`;
    });
    expect(new Set(cells).size).toBe(panels.length);
  });
});

describe("the alert rules", () => {
  const file = parse(text("alerts.yaml")) as {
    groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
  };
  const rules = file.groups.flatMap((group) => group.rules);

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    "%s is of metrics that there are",
    (_, rule) => {
      expect(namesIn(rule.expr).length).toBeGreaterThan(0);
      for (const name of namesIn(rule.expr)) expect(NAMES).toContain(name);
      expect(rule.annotations.summary).not.toBe("");
    },
  );

  it("are each in docs/monitoring.md, and so is every metric", () => {
    const page = readFileSync("docs/monitoring.md", "utf8");
    for (const { alert } of rules) expect(page).toContain(`\`${alert}\``);
    const short = (name: string) =>
      name.replace(/^taskqueue_/, "").replace(/_(bucket|sum|count)$/, "");
    for (const name of NAMES) expect(page, name).toContain(short(name));
  });
});

describe("the text of metrics", () => {
  it("keeps what a label may hold", () => {
    const samples = [[{ queue: 'a"b\\c\nd' }, 1]] as const;
    const family = { name: "x", type: "gauge", help: "a\\b\nc", samples } as const;
    expect(familyText(family, "prometheus")).toBe(
      '# HELP x a\\\\b\\nc\n# TYPE x gauge\nx{queue="a\\"b\\\\c\\nd"} 1\n',
    );
  });
});
