import { Badge } from '@mantine/core';
import { IconChartDots3, IconWebhook, type Icon } from '@tabler/icons-react';
import type { Schemas } from '../../api/client';

type Kind = Schemas['DestinationKind'];

interface KindInfo { readonly kind: Kind; readonly title: string; readonly icon: Icon; readonly about: string; readonly url: string; readonly urlHelp: string; readonly placeholder: string }

/** What events can be sent to. */
export const KINDS: readonly KindInfo[] = [
  {
    kind: 'webhook', title: 'Signed webhook', icon: IconWebhook, about: 'Each event as a request of its own to any URL, signed by Standard Webhooks, so that the receiver knows it is yours.',
    url: 'Endpoint URL', urlHelp: 'Where each event is posted to', placeholder: 'https://example.com/hooks/cloud-sources',
  },
  {
    kind: 'segment', title: 'Segment-compatible API', icon: IconChartDots3, about: 'Events as track calls to Segment, or to any tool that speaks its HTTP tracking API, such as RudderStack.',
    url: 'API URL', urlHelp: 'Without /v1/batch. Segment: https://api.segment.io, in the EU https://events.eu1.segmentapis.com', placeholder: 'https://api.segment.io',
  },
];

export const kindOf = (kind: string): KindInfo | undefined => KINDS.find((one) => one.kind === kind);

const LOOKS: Readonly<Record<Schemas['DestinationState'], string>> = { active: 'teal', failing: 'red', disabled: 'gray' };

/** Whether a destination takes what it is sent, in colour and in words. */
export const DestinationStatus = ({ state }: { state: Schemas['DestinationState'] }) => <Badge color={LOOKS[state]} variant="light" tt="none">{state}</Badge>;
