// The process that disturbs: it starts the targets, says where they are, and does what it is told.
import { Field, paced } from "./disturbance.ts";
import { DISTURBANCES } from "./disturbances/all.ts";
import type { Order, Report } from "./orders.ts";
import { startTargets } from "./targets.ts";

const targets = await startTargets();
let field: Field | undefined;
let ending = new AbortController();
let running: Promise<unknown> = Promise.resolve();
let restarted = () => {};

tell({ targets });

process.on("message", (order: Order) => {
  if (order.do === "restarted") {
    if (field) field.port = order.port;
    return restarted();
  }
  if (order.do === "end") return ending.abort();
  obey(order).then(
    (facts) => tell({ done: true, ...(facts && { facts }) }),
    (error) => tell({ failed: String(error) }),
  );
});
process.on("disconnect", () => process.exit());

async function obey(order: Exclude<Order, { do: "restarted" | "end" }>) {
  if (order.do === "meet") {
    field = new Field(order.port, order.isShort, targets, restart);
    return undefined;
  }
  const met = field as Field;
  const disturbance = DISTURBANCES[order.name];
  if (order.do === "prepare") await disturbance?.prepare?.(met);
  else if (order.do === "facts") return disturbance?.facts?.(met);
  else {
    ending = new AbortController();
    const { signal } = ending;
    const { control } = disturbance ?? {};
    if (order.do === "slice") running = disturbance?.slice?.(met, signal) ?? running;
    else if (control) {
      const body = "x".repeat(control.bytes);
      running = paced(control.perSecond, signal, () => met.send("POST", "/nothing", body));
    }
    await running;
  }
  return undefined;
}

function restart(): Promise<void> {
  tell({ restart: true });
  return new Promise((resolve) => {
    restarted = resolve;
  });
}

function tell(report: Report): void {
  process.send?.(report);
}
