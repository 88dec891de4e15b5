import type { Command } from 'commander';
import type { ProviderRequest } from '../contract/providers.ts';
import { describeGrant } from '../domain/grants.ts';
import type { Context } from './context.ts';
import { readJson } from './ordering.ts';

/** `farrier provider …`: who says who people are, by OpenID Connect, and what they may then. */
export function addProvider(program: Command, open: () => Context): void {
  const provider = program.command('provider');
  provider
    .command('show')
    .description('show it, and by which claims people have which roles')
    .action(async () => {
      const { api, screen } = open();
      const found = await api.provider();
      screen.answer(found, () => {
        screen.facts(found.name, [
          ['issuer', found.issuer],
          ['client', found.clientId],
          ['secret', found.secretRef],
          ['scopes', found.scopes.join(' ')],
          ['name by', found.nameClaim],
        ]);
        screen.table(
          [
            { title: 'claim', cell: ({ claim }) => claim },
            { title: 'value', cell: ({ value }) => value },
            { title: 'may', cell: describeGrant, flexible: true },
          ],
          found.rules,
          'No rule gives anybody a role.',
        );
      });
    });
  provider
    .command('set')
    .description('set it')
    .argument('<json>', 'as docs/accounts.md has it, or @FILE, or - for standard input')
    .requiredOption('--reason <text>', 'why')
    .action(async (json: string, { reason }: { reason: string }) => {
      const { api, screen } = open();
      await api.setProvider({ ...((await readJson(json, 'the provider')) as Omit<ProviderRequest, 'reason'>), reason });
      screen.answer({ accepted: true }, () => screen.line('It is set'));
    });
  provider
    .command('rm')
    .description('let nobody sign in by it any more')
    .requiredOption('--reason <text>', 'why')
    .action(async ({ reason }: { reason: string }) => {
      const { api, screen } = open();
      await api.removeProvider(reason);
      screen.answer({ accepted: true }, () => screen.line('It is gone'));
    });
}
