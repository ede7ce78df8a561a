// Permissions of the page, set by the server as data attributes of the body.

/** Whether the user may write; otherwise no button that changes something is rendered. */
export function mayWrite(): boolean {
  return document.body.dataset.access === "write";
}

/** Whether the user is signed in, and can sign out. */
export function hasLogin(): boolean {
  return document.body.dataset.login === "yes";
}
