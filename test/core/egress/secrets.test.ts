// The two settings that hold secrets: what is read from them, and that no fault shows what they hold.
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parsePrivateKeys } from "../../../src/core/egress/pem.ts";
import { parseSigningSecrets } from "../../../src/core/egress/signing-secrets.ts";

const secret = (bytes: number, fill = 7) => `whsec_${Buffer.alloc(bytes, fill).toString("base64")}`;

describe("signing secrets", () => {
  it.each<[string | undefined, number[]]>([
    [undefined, []],
    ["", []],
    [" , ", []],
    [secret(24), [24]],
    [secret(64), [64]],
    [`${secret(24)},${secret(32)}`, [24, 32]],
    [` ${secret(24)} ${secret(32)}\n${secret(64)} `, [24, 32, 64]],
    [secret(32).replace(/=+$/, ""), [32]],
  ])("%j are keys of %j bytes", (setting, lengths) => {
    expect(parseSigningSecrets(setting).ok?.map(({ length }) => length)).toEqual(lengths);
  });

  it.each([
    [secret(23), "1 of 1"],
    [secret(65), "1 of 1"],
    [secret(32).replace("whsec_", ""), "1 of 1"],
    [secret(32).replace("whsec_", "whpk_"), "1 of 1"],
    [`${secret(32)} whsec_c2VjcmV0!`, "2 of 2"],
    ["whsec_", "1 of 1"],
  ])("%j are refused by position, not shown", (setting, position) => {
    expect(parseSigningSecrets(setting).failure?.message).toBe(
      `TASKQUEUE_SIGNING_SECRET: secret ${position} is not whsec_ and the base64 of 24 to 64 bytes`,
    );
  });
});

describe("private keys", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pkcs8 = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const pkcs1 = privateKey.export({ type: "pkcs1", format: "pem" }) as string;
  const der = new Uint8Array(privateKey.export({ type: "pkcs8", format: "der" }));

  it.each([
    ["as openssl writes it", pkcs8, 1],
    ["on one line, with \\n", pkcs8.replaceAll("\n", "\\n"), 1],
    ["with Windows line ends", pkcs8.replaceAll("\n", "\r\n"), 1],
    ["several", `${pkcs8}\n${pkcs8}`, 2],
    ["with words around it", `Key:\n${pkcs8} end`, 1],
  ])("%s are read", (_, text, count) => {
    expect(parsePrivateKeys(text, "KEY").ok).toEqual(Array.from({ length: count }, () => der));
  });

  it.each([
    ["", "KEY: found no PEM block, expected -----BEGIN PRIVATE KEY-----"],
    ["secret", "KEY: found no PEM block, expected -----BEGIN PRIVATE KEY-----"],
    [
      pkcs1,
      'KEY: found "RSA PRIVATE KEY", expected "PRIVATE KEY" (openssl pkcs8 -topk8 -nocrypt makes one)',
    ],
    [
      "-----BEGIN PRIVATE KEY-----\nA=A=A\n-----END PRIVATE KEY-----",
      "KEY: found no base64 between the lines of PRIVATE KEY",
    ],
  ])("%j are refused in words that do not show them", (text, message) => {
    expect(parsePrivateKeys(text, "KEY").failure?.message).toBe(message);
  });
});
