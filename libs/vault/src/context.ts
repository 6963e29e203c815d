/**
 * What a sealed text belongs to. It is authenticated with the text, so a sealed value that is copied to another row, or to another purpose, can't be opened.
 * Sealer and opener must use the same one.
 */
export const sealContext = {
  credentials: (sourceId: string): string => `source:${sourceId}:credentials`,
  webhookSecret: (sourceId: string): string => `source:${sourceId}:webhook-secret`,
  webhookToken: (sourceId: string): string => `source:${sourceId}:webhook-token`,
  oauthClient: (clientRowId: string): string => `oauth-client:${clientRowId}:secret`,
  oauthAuthorization: (id: string): string => `oauth-authorization:${id}`,
  oauthGrant: (id: string): string => `oauth-grant:${id}`,
  /** Of a browser on its way to the identity provider. */
  oidcFlow: (): string => 'oidc-flow',
  warehouseReader: (warehouseId: string): string => `warehouse:${warehouseId}:reader`,
  notificationHook: (workspaceId: string): string => `workspace:${workspaceId}:notification-hook`,
  destinationSecret: (destinationId: string): string => `destination:${destinationId}:secret`,
  /** What a repeated request is answered. */
  repeatedAnswer: (workspaceId: string): string => `workspace:${workspaceId}:repeated-answer`,
  warehouseLogin: (warehouseId: string): string => `warehouse:${warehouseId}:login`,
  warehouseUrl: (warehouseId: string): string => `warehouse:${warehouseId}:url`,
} as const;
