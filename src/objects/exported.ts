// What a Worker exports, and the sentences that name the line it lacks.

/** The Durable Object classes. */
export const CLASSES = [
  "TaskQueue",
  "TaskGroup",
  "TaskCron",
  "TaskDirectory",
  "TaskEgress",
] as const;

export type ClassName = (typeof CLASSES)[number];

/** The classes, and the entrypoint. */
export const ALL_EXPORTS = [...CLASSES, "TaskRunner"] as const;

/** How every sentence about a Worker's set-up begins. */
export const SET_UP = "task queues";

/** Whether an error, come by RPC perhaps, is one of those sentences. */
export function isSetUpFault(error: unknown): error is Error {
  return error instanceof Error && error.message.startsWith(`${SET_UP}: `);
}

/** For a Worker whose compatibility date is before that of ctx.exports. */
export function withoutContextExports(): string {
  return `${SET_UP}: ctx.exports is off; the wrangler file needs the line: compatibility_date = "2025-11-17" (or later), and no flag disable_ctx_exports`;
}

export function withoutExport(name: string): string {
  const names = ALL_EXPORTS.join(", ");
  return `${SET_UP}: the Worker does not export ${name}; its main module needs the line: export const { ${names} } = queues;`;
}

export function withoutMigration(name: string): string {
  return `${SET_UP}: the class ${name} has no storage; the wrangler file needs it in a migration: ${sqliteClasses()}`;
}

/** For a class that was listed as one without SQLite. */
export function withoutSqlite(): string {
  return `${SET_UP}: a class has no SQLite; the wrangler file needs it under new_sqlite_classes, not new_classes: ${sqliteClasses()}`;
}

function sqliteClasses(): string {
  return `new_sqlite_classes = [${CLASSES.map((each) => `"${each}"`).join(", ")}]`;
}
