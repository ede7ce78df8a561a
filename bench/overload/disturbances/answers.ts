import { type Disturbance, paced } from "../disturbance.ts";

export const ANSWERS: Disturbance = {
  what: "40 answers a second without an end, gigantic and dripping, of handlers and of targets",
  async slice(field, signal) {
    const { gigantic, dripping } = field.targets;
    const urls = ["/gigantic", "/slow", `http://${gigantic}/`, `http://${dripping}/`];
    await paced(10, signal, () =>
      field.add(
        "answers",
        urls.map((url) => ({ url, dispatchDeadline: 15 })),
      ),
    );
  },
};
