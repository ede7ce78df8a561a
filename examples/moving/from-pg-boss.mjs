// The jobs that wait in pg-boss, as lines for `durable-taskqueue add QUEUE --from -`:
//
//   npm install pg
//   node from-pg-boss.mjs mail postgres://user@127.0.0.1/app | npx durable-taskqueue add mail --from -
//
// Stop its workers first, and delete its queue when all are here. Each gets a name made of its id, so that running it
// twice is safe. Its data is the payload, as JSON.
import pg from "pg";

const [name, connectionString, schema = "pgboss"] = process.argv.slice(2);
if (!connectionString) throw new Error("expected the queue and the url of PostgreSQL");
const client = new pg.Client({ connectionString });
await client.connect();

const PAGE = 1000;
const query = `SELECT id, data, start_after, retry_limit FROM ${client.escapeIdentifier(schema)}.job
  WHERE name = $1 AND state IN ('created', 'retry') AND id > $2 ORDER BY id LIMIT ${PAGE}`;
for (let last = "00000000-0000-0000-0000-000000000000"; ; ) {
  const { rows } = await client.query(query, [name, last]);
  for (const row of rows) console.log(JSON.stringify(newTask(row)));
  if (rows.length < PAGE) break;
  last = rows.at(-1).id;
}
await client.end();

function newTask({ id, data, start_after: startAfter, retry_limit: limit }) {
  const isLater = startAfter.getTime() > Date.now();
  return {
    name: `pgboss-${id}`,
    ...(data !== null && { payload: data }),
    ...(isLater && { eta: startAfter.toISOString() }),
    retry: { limit },
  };
}
