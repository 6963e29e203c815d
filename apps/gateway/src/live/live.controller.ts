import { Controller, Query, Sse, type MessageEvent } from '@nestjs/common';
import { ApiOperation, ApiPropertyOptional, ApiProduces, ApiTags } from '@nestjs/swagger';
import { IsUUID } from 'class-validator';
import { catchError, concatMap, filter, interval, map, merge, takeUntil, last, type Observable } from 'rxjs';
import { AccessRepository, type Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { Optional } from '../http/optional.js';
import { LiveFeed } from './live-feed.js';

class LiveQuery {
  @ApiPropertyOptional({ format: 'uuid', description: 'Only this source.' }) @Optional() @IsUUID() sourceId?: string;
}

/** Proxies close what is silent for longer. */
const PING_MS = 15_000;
/** So long after somebody was removed or signed out, the stream ends at the latest. */
const CHECK_MS = 5_000;

@ApiTags('runs')
@Controller('api/v1/live')
export class LiveController {
  constructor(private readonly feed: LiveFeed, private readonly access: AccessRepository) {}

  @Sse()
  @ApiOperation({ summary: 'Watch runs', description: 'Server-sent events: `run.changed` and `collection.changed`, as published on the topic sync.events; `ping` every 15 s.' })
  @ApiProduces('text/event-stream')
  live(@Caller() caller: Principal, @Query() { sourceId }: LiveQuery): Observable<MessageEvent> {
    const events = this.feed.events.pipe(
      filter((event) => event.workspaceId === caller.workspaceId && (sourceId === undefined || event.sourceId === sourceId)),
      map((event): MessageEvent => ({ type: event.type, data: event })),
    );
    const pings = interval(PING_MS).pipe(map((): MessageEvent => ({ type: 'ping', data: {} })), takeUntil(this.feed.events.pipe(last(null, null))));
    // A database that is away for a moment ends nobody's stream.
    const ended = interval(CHECK_MS).pipe(concatMap(() => this.access.roleNow(caller)), catchError((_error, again) => again), filter((role) => role === undefined));
    return merge(events, pings).pipe(takeUntil(ended));
  }
}
