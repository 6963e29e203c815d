/** Which methods a path has, for the answer to one that it hasn't. */
export class AllowedMethods {
  private readonly routes: { readonly method: string; readonly path: RegExp }[] = [];

  /** @param url of a route, `/api/v1/sources/:id` */
  add(method: string, url: string): void {
    if (url.includes('*')) return;
    this.routes.push({ method, path: new RegExp(`^${url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.\\+*?^$[\](){}|]/g, '\\$&'))).join('/')}/?$`) });
  }

  /** In alphabetical order. */
  of(path: string): string[] { return [...new Set(this.routes.filter((route) => route.path.test(path)).map(({ method }) => method))].sort(); }
}
