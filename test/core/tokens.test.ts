import { describe, expect, it } from "vitest";
import { hasQueue, mayDo, ROLES, tokensFault, tokensIn } from "../../src/core/tokens.ts";

const token = (more: object = {}) => ({ name: "ops", secret: "s3cr3t", role: "operate", ...more });
const list = (...tokens: unknown[]) => JSON.stringify(tokens);
const FORM = 'a JSON list of {"name", "secret", "role", "queues"?}';
const QUEUES = 'names of queues, or their beginnings with a * ("orders-*")';
const NAME = "1 to 100 letters, digits, and . _ @ + -, and none of loopback, worker, deploy";

describe("TASKQUEUE_TOKENS", () => {
  it.each([
    [undefined, []],
    ["", []],
    ["[]", []],
    [list(token()), ["ops"]],
    [
      [token({ name: "anna@example.com", queues: ["mail", "orders-*", "*", "p/l/q"] })],
      ["anna@example.com"],
    ],
    [list(token(), token({ secret: "next" })), ["ops", "ops"]],
  ])("%j has the tokens %j", (setting, names) => {
    expect(tokensFault(setting)).toBeUndefined();
    expect(tokensIn(setting).map(({ name }) => name)).toEqual(names);
  });

  it.each<[unknown, string]>([
    ["{", `: found a text that is no JSON, expected ${FORM}`],
    ["{}", `: found an object, expected ${FORM}`],
    ["null", `: found null, expected ${FORM}`],
    [7, `: found a number, expected ${FORM}`],
    [list("x"), "[0]: found a string, expected an object of name, secret, role, queues"],
    [list(token(), null), "[1]: found null, expected an object of name, secret, role, queues"],
    [list(token({ roles: 1 })), '[0]: found "roles", expected name, secret, role, queues'],
    [list(token({ name: undefined })), `[0].name: found undefined, expected ${NAME}`],
    [list(token({ name: "a b" })), `[0].name: found "a b", expected ${NAME}`],
    [list(token({ name: "worker" })), `[0].name: found "worker", expected ${NAME}`],
    [
      list(token({ secret: "" })),
      "[0].secret: found a text, expected a text without spaces, of ASCII alone",
    ],
    [
      list(token({ secret: "a b" })),
      "[0].secret: found a text, expected a text without spaces, of ASCII alone",
    ],
    [
      list(token({ secret: 1 })),
      "[0].secret: found a number, expected a text without spaces, of ASCII alone",
    ],
    [list(token({ role: "write" })), '[0].role: found "write", expected read, operate, admin'],
    [list(token({ queues: [] })), `[0].queues: found [], expected ${QUEUES}`],
    [list(token({ queues: "mail" })), `[0].queues: found "mail", expected ${QUEUES}`],
    [list(token({ queues: ["a*b"] })), `[0].queues: found "a*b", expected ${QUEUES}`],
    [list(token({ queues: [""] })), `[0].queues: found "", expected ${QUEUES}`],
    [list(token(), token({ name: "b" })), "[1].secret: found the one of [0], expected another"],
  ])("%j stops the start, and shows no secret", (setting, fault) => {
    expect(tokensFault(setting)).toBe(`TASKQUEUE_TOKENS${fault}`);
    expect(tokensFault(setting)).not.toContain("s3cr3t");
    expect(tokensIn(setting)).toEqual([]);
  });

  it("has no secret of another setting", () => {
    const fault = tokensFault(list(token()), [undefined, "s3cr3t"]);
    expect(fault).toMatch(/^TASKQUEUE_TOKENS\[0\]\.secret: found the one of TASKQUEUE_TOKEN/);
  });
});

describe("roles and queues", () => {
  it("each role may what those before it may", () => {
    const may = ROLES.map((role) => ROLES.map((needed) => mayDo(role, needed)));
    expect(may).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });

  it.each([
    [undefined, "any", true],
    [["mail"], "mail", true],
    [["mail"], "mail-2", false],
    [["orders-*"], "orders-1", true],
    [["orders-*"], "orders", false],
    [["*"], "any", true],
    [["a", "b*"], "c", false],
  ])("%j has %s: %s", (queues, name, expected) => {
    expect(hasQueue(queues, name)).toBe(expected);
  });
});
