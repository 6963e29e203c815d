import { Initial1795305600000 } from './1795305600000-initial.js';
import { OAuth1795348800000 } from './1795348800000-oauth.js';
import { Schedule1795400010000 } from './1795400010000-schedule.js';
import { FailureRules1795400020000 } from './1795400020000-failure-rules.js';
import { Budgets1795400030000 } from './1795400030000-budgets.js';
import { FoundCollections1795400040000 } from './1795400040000-found-collections.js';
import { Again1795400050000 } from './1795400050000-again.js';
import { WarehouseSelection1795400070000 } from './1795400070000-warehouse-selection.js';
import { KnownRecords1795400090000 } from './1795400090000-known-records.js';
import { Replay1795400100000 } from './1795400100000-replay.js';
import { Sql1795500010000 } from './1795500010000-sql.js';
import { Access1795500020000 } from './1795500020000-access.js';
import { Destinations1795500030000 } from './1795500030000-destinations.js';
import { DeliveryOrder1795500030001 } from './1795500030001-delivery-order.js';
import { Housekeeping1795500040000 } from './1795500040000-housekeeping.js';
import { Console1795500050000 } from './1795500050000-console.js';
import { Arrival1795600010000 } from './1795600010000-arrival.js';
import { Requests1795600020000 } from './1795600020000-requests.js';
import { NotificationKinds1795700000000 } from './1795700000000-notification-kinds.js';

/** In order; a released one is never changed. Each must leave the schema usable by the version before it. */
export const migrations = [Initial1795305600000, OAuth1795348800000, Schedule1795400010000, FailureRules1795400020000, Budgets1795400030000, FoundCollections1795400040000, Again1795400050000, WarehouseSelection1795400070000, KnownRecords1795400090000, Replay1795400100000, Sql1795500010000, Access1795500020000, Destinations1795500030000, DeliveryOrder1795500030001, Housekeeping1795500040000, Console1795500050000, Arrival1795600010000, Requests1795600020000, NotificationKinds1795700000000];
