import { Alert, Badge, Button, Group, Modal, Select, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { invitationsQuery, membersQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Confirm } from '../../parts/confirm';
import { Copyable } from '../../parts/copyable';
import { Instant } from '../../parts/instant';
import { Listed } from '../../parts/listed';

type Role = Schemas['Role'];
type Member = Schemas['MemberDto'];
type Invitation = Schemas['InvitationDto'];

const ROLES: { readonly value: Role; readonly label: string }[] = [{ value: 'viewer', label: 'viewer' }, { value: 'editor', label: 'editor' }, { value: 'owner', label: 'owner' }];

/** Who is in the workspace and what they may do; owners invite, change and remove. */
export function MembersTab() {
  const owner = useMay('owner');
  return (
    <Stack gap="xl" maw={860}>
      <Members owner={owner} />
      {owner ? <Invitations /> : <Text c="dimmed">Only owners invite members and change roles.</Text>}
    </Stack>
  );
}

function Members({ owner }: { owner: boolean }) {
  const query = useInfiniteQuery(membersQuery);
  const [removing, setRemoving] = useState<Member>();
  const touches = [['members'], ['session'], ['audit-log']];
  const change = useAction(({ id, role }: { id: string; role: Role }) => answer(api.PATCH('/api/v1/members/{id}', { params: { path: { id } }, body: { role } })), { touches, says: 'The role counts from now on.' });
  const remove = useAction((member: Member) => answer(api.DELETE('/api/v1/members/{id}', { params: { path: { id: member.id } } })), { touches, says: 'Removed: their sessions here have ended.', then: () => setRemoving(undefined) });
  return (
    <Stack>
      <div><Title order={2}>Members</Title><Text size="sm" c="dimmed">Viewers read. Editors change sources, warehouses and what is built on them. Owners also decide on members, keys and the workspace.</Text></div>
      <Listed query={query} more="More members" empty={null}>{(members: readonly Member[]) => (
        <Table.ScrollContainer minWidth={560}><Table>
          <Table.Thead><Table.Tr><Table.Th>E-mail</Table.Th><Table.Th>Role</Table.Th><Table.Th>Joined</Table.Th><Table.Th>Last seen</Table.Th>{owner && <Table.Th><span className="hidden-text">Action</span></Table.Th>}</Table.Tr></Table.Thead>
          <Table.Tbody>{members.map((member) => (
            <Table.Tr key={member.id}>
              <Table.Td className="wrap-anywhere">{member.email} {member.you && <Badge variant="light" color="gray" tt="none">you</Badge>}</Table.Td>
              <Table.Td>{owner ? <Select aria-label={`Role of ${member.email}`} w={110} size="xs" allowDeselect={false} data={ROLES} value={member.role} disabled={change.isPending} onChange={(role) => change.mutate({ id: member.id, role: role as Role })} /> : member.role}</Table.Td>
              <Table.Td><Instant at={member.joinedAt} /></Table.Td>
              <Table.Td>{member.lastSeenAt === null ? 'not signed in' : <Instant at={member.lastSeenAt} />}</Table.Td>
              {owner && <Table.Td ta="right"><Button size="xs" variant="default" aria-label={`Remove ${member.email}`} onClick={() => setRemoving(member)}>Remove</Button></Table.Td>}
            </Table.Tr>
          ))}</Table.Tbody>
        </Table></Table.ScrollContainer>
      )}</Listed>
      <Confirm opened={removing !== undefined} title={`Remove ${removing?.email ?? ''}?`} action="Remove" busy={remove.isPending} close={() => setRemoving(undefined)} confirm={() => removing !== undefined && remove.mutate(removing)}>
        They are signed out of this workspace at once. What they made stays; so do API keys: revoke those that they know.
      </Confirm>
    </Stack>
  );
}

function Invitations() {
  const query = useInfiniteQuery(invitationsQuery);
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [made, setMade] = useState<Schemas['NewInvitationDto']>();
  const touches = [['invitations'], ['audit-log']];
  const invite = useAction(() => answer(api.POST('/api/v1/invitations', { body: { email, role } })), { touches, then: (invitation) => { setMade(invitation); setEmail(''); } });
  const withdraw = useAction((invitation: Invitation) => answer(api.DELETE('/api/v1/invitations/{id}', { params: { path: { id: invitation.id } } })), { touches, says: 'Withdrawn: the link works no more.' });
  return (
    <Stack>
      <Title order={2}>Invitations</Title>
      <Listed query={query} more="More invitations" empty={<Text c="dimmed">Nobody is invited at the moment.</Text>}>{(invitations: readonly Invitation[]) => (
        <Table.ScrollContainer minWidth={560}><Table>
          <Table.Thead><Table.Tr><Table.Th>E-mail</Table.Th><Table.Th>Role</Table.Th><Table.Th>Invited by</Table.Th><Table.Th>Valid until</Table.Th><Table.Th><span className="hidden-text">Action</span></Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{invitations.map((invitation) => (
            <Table.Tr key={invitation.id}>
              <Table.Td className="wrap-anywhere">{invitation.email}</Table.Td><Table.Td>{invitation.role}</Table.Td><Table.Td className="wrap-anywhere">{invitation.invitedBy ?? '—'}</Table.Td><Table.Td><Instant at={invitation.expiresAt} /></Table.Td>
              <Table.Td ta="right"><Button size="xs" variant="default" aria-label={`Withdraw the invitation of ${invitation.email}`} onClick={() => withdraw.mutate(invitation)}>Withdraw</Button></Table.Td>
            </Table.Tr>
          ))}</Table.Tbody>
        </Table></Table.ScrollContainer>
      )}</Listed>
      <form onSubmit={(event) => { event.preventDefault(); invite.mutate(undefined); }}>
        <Group align="flex-end">
          <TextInput label="E-mail of the new member" type="email" required maxLength={320} flex="1 1 220px" value={email} onChange={(event) => setEmail(event.currentTarget.value)} />
          <Select label="Role" w={130} allowDeselect={false} data={ROLES} value={role} onChange={(value) => setRole(value as Role)} />
          <Button type="submit" loading={invite.isPending}>Invite</Button>
        </Group>
      </form>
      <Modal opened={made !== undefined} onClose={() => setMade(undefined)} title="The invitation" centered closeButtonProps={{ 'aria-label': 'Close' }}>
        {made !== undefined && (
          <Stack>
            <Text>{made.mailed ? `It was mailed to ${made.email}. You can also hand the link over yourself.` : `No mail was sent: hand this link to ${made.email} yourself.`}</Text>
            <Alert color="yellow" title="Copy it now">It works once, for a week, and is shown only here.</Alert>
            {made.url !== null && <Copyable value={made.url} label="the link" />}
          </Stack>
        )}
      </Modal>
    </Stack>
  );
}
