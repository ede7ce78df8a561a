// Permissions of the page, set by the server as data attributes of the body.

/** Whether the user may act on tasks; otherwise no button that changes something is rendered. */
export function mayWrite(): boolean {
  return mayDecide() || document.body.dataset.access === "operate";
}

/** Whether the user may decide what queues, keys and names there are. */
export function mayDecide(): boolean {
  return document.body.dataset.access === "admin";
}

/** The name of the user's token. */
export function userName(): string {
  return document.body.dataset.name ?? "";
}

/** Whether the user is signed in, and can sign out. */
export function hasLogin(): boolean {
  return document.body.dataset.login === "yes";
}
