// Texts of files that are new.
export const QUEUE_YAML = `# yaml-language-server: $schema=./node_modules/durable-taskqueue/queue.schema.json
# The task queues of this Worker. Beside them there is one named default, 5/s, unless it is listed here.
queue:
  - name: mail              # its tasks are POSTed to /_ah/queue/mail
    rate: 10/s              # at most so many attempts a second; 100/m, 500/h and 1000/d work too
    bucket_size: 20         # so many at once after a quiet time
    retry_parameters:
      task_retry_limit: 5   # tried again so often; then it is kept as failed
`;

// Names of their own: \`wrangler types\` declares "*.yaml", and two of the same would clash.
export function declarations(isVite: boolean, eol: string): string {
  const how = isVite ? "by ?raw" : "by the rule of type Text in the wrangler file";
  const modules = ["queue", "cron"].flatMap((name) => [
    `declare module "*/${name}.yaml${isVite ? "?raw" : ""}" {`,
    "  const text: string;",
    "  export default text;",
    "}",
  ]);
  return [`// queue.yaml and cron.yaml are imported as text, ${how}.`, ...modules, ""].join(eol);
}
