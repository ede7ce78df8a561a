// As much of Node's SQLite as test/store/sqlite.ts uses, beside the types of workerd.
declare module "node:sqlite" {
  export type SQLOutputValue = null | number | bigint | string | Uint8Array;
  export interface StatementSync {
    all(...values: unknown[]): unknown[];
    get(): Record<string, SQLOutputValue> | undefined;
    run(...values: unknown[]): { changes: number | bigint };
  }
  export class DatabaseSync {
    constructor(path: string);
    prepare(query: string): StatementSync;
    exec(query: string): void;
  }
}
