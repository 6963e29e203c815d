import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router';
import { Missing } from './pages/missing';
import { Failed, Loading } from './parts/state-view';
import { Shell } from './shell/shell';

const root = createRootRoute({ component: Outlet, notFoundComponent: Missing });
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const signIn = createRoute({
  getParentRoute: () => root, path: '/sign-in', validateSearch: ({ to, problem }): { to?: string; problem?: string } => ({ to: text(to), problem: text(problem) }),
  component: lazyRouteComponent(() => import('./pages/sign-in'), 'SignInPage'),
});
const invitation = createRoute({ getParentRoute: () => root, path: '/invitation', component: lazyRouteComponent(() => import('./pages/invitation'), 'InvitationPage') });
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });
const parent = () => shell;

const home = createRoute({ getParentRoute: parent, path: '/', component: lazyRouteComponent(() => import('./pages/home/home'), 'HomePage') });
const catalog = createRoute({ getParentRoute: parent, path: '/catalog', component: lazyRouteComponent(() => import('./pages/catalog'), 'CatalogPage') });
const sources = createRoute({ getParentRoute: parent, path: '/sources', component: lazyRouteComponent(() => import('./pages/sources'), 'SourcesPage') });
const setup = createRoute({
  getParentRoute: parent, path: '/sources/new/$connector', validateSearch: ({ step, source: made }): { step?: number; source?: string } => ({ step: Number.isInteger(step) ? Number(step) : undefined, source: text(made) }),
  component: lazyRouteComponent(() => import('./pages/setup/setup'), 'SetupPage'),
});

const source = createRoute({ getParentRoute: parent, path: '/sources/$sourceId', component: lazyRouteComponent(() => import('./pages/source/source'), 'SourcePage') });
const tab = () => source;
const sourceTabs = [
  createRoute({ getParentRoute: tab, path: '/', component: lazyRouteComponent(() => import('./pages/source/runs'), 'RunsTab') }),
  createRoute({ getParentRoute: tab, path: '/collections', component: lazyRouteComponent(() => import('./pages/source/collections'), 'CollectionsTab') }),
  createRoute({ getParentRoute: tab, path: '/schedule', component: lazyRouteComponent(() => import('./pages/source/schedule'), 'ScheduleTab') }),
  createRoute({ getParentRoute: tab, path: '/usage', component: lazyRouteComponent(() => import('./pages/source/usage'), 'UsageTab') }),
  createRoute({ getParentRoute: tab, path: '/webhook', component: lazyRouteComponent(() => import('./pages/source/webhook'), 'WebhookTab') }),
  createRoute({ getParentRoute: tab, path: '/verify', component: lazyRouteComponent(() => import('./pages/source/verify'), 'VerifyTab') }),
  createRoute({ getParentRoute: tab, path: '/settings', component: lazyRouteComponent(() => import('./pages/source/settings'), 'SettingsTab') }),
];

const warehouses = createRoute({ getParentRoute: parent, path: '/warehouses', component: lazyRouteComponent(() => import('./pages/warehouse/warehouses'), 'WarehousesPage') });
const newWarehouse = createRoute({
  getParentRoute: parent, path: '/warehouses/new', validateSearch: ({ back }): { back?: string } => ({ back: text(back) }),
  component: lazyRouteComponent(() => import('./pages/warehouse/new-warehouse'), 'NewWarehousePage'),
});

const warehouse = createRoute({ getParentRoute: parent, path: '/warehouses/$warehouseId', component: lazyRouteComponent(() => import('./pages/warehouse/warehouse'), 'WarehousePage') });
const ofWarehouse = () => warehouse;
const warehouseTabs = [
  createRoute({ getParentRoute: ofWarehouse, path: '/', component: lazyRouteComponent(() => import('./pages/warehouse/tables'), 'TablesTab') }),
  createRoute({ getParentRoute: ofWarehouse, path: '/sql', component: lazyRouteComponent(() => import('./pages/sql/sql'), 'SqlTab') }),
  createRoute({ getParentRoute: ofWarehouse, path: '/settings', component: lazyRouteComponent(() => import('./pages/warehouse/settings'), 'WarehouseSettingsTab') }),
];
const destinations = createRoute({ getParentRoute: parent, path: '/destinations', component: lazyRouteComponent(() => import('./pages/destinations/destinations'), 'DestinationsPage') });
const newDestination = createRoute({ getParentRoute: parent, path: '/destinations/new/$kind', component: lazyRouteComponent(() => import('./pages/destinations/new-destination'), 'NewDestinationPage') });
const destination = createRoute({ getParentRoute: parent, path: '/destinations/$destinationId', component: lazyRouteComponent(() => import('./pages/destinations/destination'), 'DestinationPage') });
const destinationTab = () => destination;
const destinationTabs = [
  createRoute({ getParentRoute: destinationTab, path: '/', component: lazyRouteComponent(() => import('./pages/destinations/delivery-log'), 'DeliveryLogTab') }),
  createRoute({ getParentRoute: destinationTab, path: '/settings', component: lazyRouteComponent(() => import('./pages/destinations/settings'), 'DestinationSettingsTab') }),
];
const schedule = createRoute({ getParentRoute: parent, path: '/schedule', component: lazyRouteComponent(() => import('./pages/schedule/schedule'), 'SchedulePage') });
const usage = createRoute({ getParentRoute: parent, path: '/usage', component: lazyRouteComponent(() => import('./pages/usage/usage'), 'UsagePage') });
const models = [
  createRoute({ getParentRoute: parent, path: '/audiences', component: lazyRouteComponent(() => import('./pages/models/models'), 'AudiencesPage') }),
  createRoute({ getParentRoute: parent, path: '/audiences/new', component: lazyRouteComponent(() => import('./pages/models/new-model'), 'NewAudiencePage') }),
  createRoute({ getParentRoute: parent, path: '/audiences/traits', component: lazyRouteComponent(() => import('./pages/models/models'), 'TraitsPage') }),
  createRoute({ getParentRoute: parent, path: '/audiences/traits/new', component: lazyRouteComponent(() => import('./pages/models/new-model'), 'NewTraitPage') }),
];
const audience = createRoute({ getParentRoute: parent, path: '/audiences/$modelId', component: lazyRouteComponent(() => import('./pages/models/model'), 'AudiencePage') });
const trait = createRoute({ getParentRoute: parent, path: '/audiences/traits/$modelId', component: lazyRouteComponent(() => import('./pages/models/model'), 'TraitPage') });
const measures = [
  createRoute({ getParentRoute: parent, path: '/metrics', component: lazyRouteComponent(() => import('./pages/measures/measures'), 'MetricsPage') }),
  createRoute({ getParentRoute: parent, path: '/metrics/new', component: lazyRouteComponent(() => import('./pages/measures/measure'), 'NewMetricPage') }),
  createRoute({ getParentRoute: parent, path: '/metrics/$measureId', component: lazyRouteComponent(() => import('./pages/measures/measure'), 'MetricPage') }),
  createRoute({ getParentRoute: parent, path: '/segments', component: lazyRouteComponent(() => import('./pages/measures/measures'), 'SegmentsPage') }),
  createRoute({ getParentRoute: parent, path: '/segments/new', component: lazyRouteComponent(() => import('./pages/measures/measure'), 'NewSegmentPage') }),
  createRoute({ getParentRoute: parent, path: '/segments/$measureId', component: lazyRouteComponent(() => import('./pages/measures/measure'), 'SegmentPage') }),
  createRoute({
    getParentRoute: parent, path: '/templates', validateSearch: ({ kind }): { kind?: 'metric' | 'segment' } => ({ kind: kind === 'segment' ? 'segment' : kind === 'metric' ? 'metric' : undefined }),
    component: lazyRouteComponent(() => import('./pages/measures/templates'), 'TemplatesPage'),
  }),
] as const;
const topics = createRoute({ getParentRoute: parent, path: '/topics', component: lazyRouteComponent(() => import('./pages/topics/topics'), 'TopicsPage') });
const settings = createRoute({ getParentRoute: parent, path: '/settings', component: lazyRouteComponent(() => import('./pages/settings/settings'), 'SettingsPage') });
const ofSettings = () => settings;
const settingsTabs = [
  createRoute({ getParentRoute: ofSettings, path: '/', component: lazyRouteComponent(() => import('./pages/settings/workspace'), 'WorkspaceTab') }),
  createRoute({ getParentRoute: ofSettings, path: '/members', component: lazyRouteComponent(() => import('./pages/settings/members'), 'MembersTab') }),
  createRoute({ getParentRoute: ofSettings, path: '/api-keys', component: lazyRouteComponent(() => import('./pages/settings/api-keys'), 'ApiKeysTab') }),
  createRoute({ getParentRoute: ofSettings, path: '/audit-log', component: lazyRouteComponent(() => import('./pages/settings/audit-log'), 'AuditLogTab') }),
  createRoute({
    getParentRoute: ofSettings, path: '/account', validateSearch: ({ problem }): { problem?: string } => ({ problem: text(problem) }),
    component: lazyRouteComponent(() => import('./pages/settings/account'), 'AccountTab'),
  }),
];
const notifications = createRoute({ getParentRoute: parent, path: '/notifications', component: lazyRouteComponent(() => import('./pages/settings/notifications'), 'NotificationsPage') });
const deadLetters = createRoute({ getParentRoute: parent, path: '/dead-letters', component: lazyRouteComponent(() => import('./pages/dead-letters'), 'DeadLettersPage') });
const run = createRoute({ getParentRoute: parent, path: '/runs/$runId', component: lazyRouteComponent(() => import('./pages/run/run'), 'RunPage') });

export const router = createRouter({
  routeTree: root.addChildren([signIn, invitation, shell.addChildren([home, deadLetters, catalog, sources, setup, source.addChildren(sourceTabs), warehouses, newWarehouse, warehouse.addChildren(warehouseTabs), ...models, audience, trait, destinations, newDestination, destination.addChildren(destinationTabs), schedule, usage, ...measures, topics, settings.addChildren(settingsTabs), notifications, run])]),
  defaultPreload: 'intent', scrollRestoration: true,
  defaultPendingComponent: () => <Loading />, defaultErrorComponent: ({ error, reset }) => <Failed error={error} retry={reset} />,
});

declare module '@tanstack/react-router' {
  interface Register { router: typeof router }
}
