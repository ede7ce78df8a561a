// What this page may do, as the server wrote it into the body.

/** Whether things may be changed here; without it no button that does is drawn. */
export function mayWrite(): boolean {
  return document.body.dataset.access === "write";
}

/** Whether somebody signed in, and can sign out. */
export function hasLogin(): boolean {
  return document.body.dataset.login === "yes";
}
