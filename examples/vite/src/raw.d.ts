// What `?raw` gives. vite/client says so too, with types of browsers that a Worker does not have.
declare module "*?raw" {
  const text: string;
  export default text;
}
