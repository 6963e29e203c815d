import { IconBell, IconBroadcast, IconBuildingWarehouse, IconCalendarTime, IconChartBar, IconChartLine, IconChartPie, IconHome, IconLayoutGrid, IconMailExclamation, IconPlugConnected, IconSend, IconSettings, IconUsersGroup, type Icon } from '@tabler/icons-react';

export interface Place { readonly to: string; readonly title: string; readonly icon: Icon }

/** The main navigation, in the order of a person's way. */
export const PLACES: readonly Place[] = [
  { to: '/', title: 'Home', icon: IconHome },
  { to: '/sources', title: 'Sources', icon: IconPlugConnected },
  { to: '/catalog', title: 'Catalog', icon: IconLayoutGrid },
  { to: '/schedule', title: 'Schedule', icon: IconCalendarTime },
  { to: '/usage', title: 'Usage', icon: IconChartBar },
  { to: '/warehouses', title: 'Warehouses', icon: IconBuildingWarehouse },
  { to: '/audiences', title: 'Audiences', icon: IconUsersGroup },
  { to: '/metrics', title: 'Metrics', icon: IconChartLine },
  { to: '/segments', title: 'Segments', icon: IconChartPie },
  { to: '/destinations', title: 'Destinations', icon: IconSend },
  { to: '/topics', title: 'Topics', icon: IconBroadcast },
  { to: '/dead-letters', title: 'Dead letters', icon: IconMailExclamation },
  { to: '/notifications', title: 'Notifications', icon: IconBell },
  { to: '/settings', title: 'Settings', icon: IconSettings },
];
