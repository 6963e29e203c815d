/** placeholder */
export interface Demo { readonly connector: string; readonly sourceName: string; readonly partner: string; readonly schema?: string; readonly webhookUrl?: string; readonly simulator?: { readonly url: string; readonly apiKey: string } }
export function startDemo(_: object): Promise<Demo> { return Promise.resolve({ connector: 'stripe', sourceName: 'x', partner: 'y' }); }
