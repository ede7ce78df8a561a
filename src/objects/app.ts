/** The Worker's own handler, called in the runner's invocation. */
export interface App<Env> {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response>;
}
