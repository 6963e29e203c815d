import { Button, Group, Text } from '@mantine/core';
import { IconCheck, IconExternalLink } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { Failed } from '../../parts/state-view';

interface Props {
  readonly connector: Schemas['CatalogEntryDto'];
  readonly configuration: Readonly<Record<string, string>>;
  readonly sourceId?: string;
  readonly granted: boolean;
  readonly onGrant: (grantId: string) => void;
}

/** Signs in at the partner's in a pop-up; the callback's page tells us when the person has agreed. */
export function SignInWith({ connector, configuration, sourceId, granted, onGrant }: Props) {
  const popup = useRef<Window | null>(null);
  const [closed, setClosed] = useState(false);
  const start = useMutation({
    mutationFn: () => answer(api.POST('/api/v1/oauth/{connector}/start', { params: { path: { connector: connector.name } }, body: { configuration: { ...configuration }, ...(sourceId !== undefined && { sourceId }) } })),
    onSuccess: ({ authorizeUrl }) => { if (popup.current !== null) popup.current.location.href = authorizeUrl; else window.location.assign(authorizeUrl); },
    onError: () => popup.current?.close(),
  });
  useEffect(() => {
    const hear = (event: MessageEvent<{ type?: string; grantId?: string | null }>): void => {
      if (event.origin !== window.location.origin || event.data.type !== 'cloud-sources:oauth') return;
      if (typeof event.data.grantId === 'string') onGrant(event.data.grantId); else setClosed(true);
    };
    window.addEventListener('message', hear);
    return () => window.removeEventListener('message', hear);
  }, [onGrant]);
  const open = (): void => {
    setClosed(false);
    // Opened in the click itself: what opens later is blocked.
    popup.current = window.open('', 'cloud-sources-oauth', 'popup,width=640,height=760');
    start.mutate();
  };
  return (
    <>
      {start.isError && <Failed error={start.error} />}
      {closed && <Text size="sm" className="fails" role="alert">{connector.title} was not connected: the window was closed or the access was refused. Try again.</Text>}
      <Group>
        <Button variant={granted ? 'default' : 'filled'} leftSection={granted ? <IconCheck size={18} /> : <IconExternalLink size={18} />} loading={start.isPending} onClick={open}>{granted ? `Signed in to ${connector.title}; sign in again` : `Sign in to ${connector.title}`}</Button>
      </Group>
    </>
  );
}
