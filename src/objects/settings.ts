import { hostRulesFault } from "../core/egress/host-rules.ts";
import { parseTargets, type Targets } from "../core/egress/targets.ts";
import { logLevelFault } from "../core/log-level.ts";
import { originsFault } from "../core/origins.ts";
import { tokensFault } from "../core/tokens.ts";

/** The variables and secrets of the Worker that its queues read. */
export interface QueueSettings {
  /** Hosts that absolute urls may name; core/egress/host-rules.ts has the grammar. */
  TASKQUEUE_ALLOW_HOSTS?: string;
  /** What targets stand for; core/egress/targets.ts has the grammar. */
  TASKQUEUE_TARGETS?: string;
  /** Secrets that requests to the outside are signed with; core/egress/signing-secrets.ts has the grammar. */
  TASKQUEUE_SIGNING_SECRET?: string;
  /** RSA private keys in PEM that identity tokens are signed with: the first signs, all are published. */
  TASKQUEUE_OIDC_KEY?: string;
  /** Who signs them: where this Worker's `/_ah/oidc` can be reached, https://your.worker/_ah/oidc. */
  TASKQUEUE_OIDC_ISSUER?: string;
  /** How much the log says; core/log-level.ts has the levels. */
  TASKQUEUE_LOG?: string;
}

/** Throws where a setting cannot mean what it was written for, so that the Worker does not start. */
export function checkSettings(env: unknown): void {
  const settings = (env ?? {}) as QueueSettings & {
    TASKQUEUE_ALLOW_ORIGINS?: string;
    TASKQUEUE_TOKEN?: string;
    TASKQUEUE_READ_TOKEN?: string;
    TASKQUEUE_TOKENS?: unknown;
  };
  const others = [settings.TASKQUEUE_TOKEN, settings.TASKQUEUE_READ_TOKEN];
  const fault =
    hostRulesFault(settings.TASKQUEUE_ALLOW_HOSTS) ??
    originsFault(settings.TASKQUEUE_ALLOW_ORIGINS) ??
    logLevelFault(settings.TASKQUEUE_LOG) ??
    tokensFault(settings.TASKQUEUE_TOKENS, others);
  if (fault !== undefined) throw new Error(fault);
}

// Every invocation asks anew.
const parsedTargets = new WeakMap<Targets, { setting: string | undefined; targets: Targets }>();

/** What targets stand for: by the settings, else by code. */
export function targetsOf(env: unknown, given: Targets): Targets {
  const setting = (env as QueueSettings).TASKQUEUE_TARGETS;
  const parsed = parsedTargets.get(given);
  if (parsed && parsed.setting === setting) return parsed.targets;
  const targets = parseTargets(setting, given);
  parsedTargets.set(given, { setting, targets });
  return targets;
}
