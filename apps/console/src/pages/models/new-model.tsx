import { useNavigate } from '@tanstack/react-router';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Page } from '../../parts/page';
import { AUDIENCES, TRAITS, type Kind } from './kinds';
import { ModelForm } from './model-form';

export const NewAudiencePage = () => <NewModel kind={AUDIENCES} />;
export const NewTraitPage = () => <NewModel kind={TRAITS} />;

function NewModel({ kind }: { kind: Kind }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: kind.create,
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['models', kind.kind] });
      await navigate({ to: `${kind.path}/${id}` });
    },
  });
  return (
    <Page editorsOnly title={`New ${kind.one}`} crumbs={[{ title: kind.title, to: kind.path }]}>
      <ModelForm kind={kind} isNew busy={create.isPending} error={create.error} action={`Create the ${kind.one}`} save={(values) => create.mutate(values)} initial={{ name: '', description: '', statement: '', intervalMinutes: 60, warehouseId: '' }} />
    </Page>
  );
}
