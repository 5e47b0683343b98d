/** The commands on campaigns. */
import { Command } from 'commander';
import { formatCampaignWorkspaces, formatProgress } from '../../client/pages/campaign-page';
import type { CampaignInput } from '../../contract/payloads';
import type { CliContext } from '../context';
import { parseImage, parseInstant, parseText } from '../input/arguments';
import { type CampaignName, parseCampaignName, parseCount, parsePatience, parseWhere } from '../input/campaign';
import { addByOption } from '../input/settings';
import { followCampaign } from '../output/campaign-progress';
import { answerOf, inSession } from '../session';

interface StartOptions {
  reason: string;
  atOnce: number;
  maxFailures: number;
  image?: string;
  where?: string;
  canary?: number;
  patience?: string;
  notBefore?: string;
  dryRun?: true;
  by?: string;
  wait: boolean;
}

/** `perennial campaign`. */
export function campaignCommand(context: CliContext): Command {
  return new Command('campaign')
    .addCommand(startCommand(context))
    .addCommand(progressCommand(context))
    .addCommand(signalCommand(context, 'pause', 'begin no further rebuild until it is resumed'))
    .addCommand(signalCommand(context, 'resume', 'go on after a pause'))
    .addCommand(signalCommand(context, 'cancel', 'end it when the rebuilds under way have ended'));
}

function startCommand(context: CliContext): Command {
  return addByOption(named('start', 'rebuild many workspaces at a bounded pace, without interrupting people at work'))
    .requiredOption('--reason <text>', 'why, for its history and for the people in the workspaces', parseText)
    .requiredOption('--at-once <number>', 'rebuilds under way at once, 1 to 500', parseCount)
    .requiredOption('--max-failures <number>', 'failures at which it stops itself', parseCount)
    .option('--image <reference>', "image that becomes each workspace's own, such as starter:2", parseImage)
    .option('--where <query>', 'visibility query that narrows the choice, such as "Owner=\'ada\'"', parseWhere)
    .option('--canary <number>', 'rebuilds that have to succeed before the others begin (default: 1)', parseCount)
    .option('--patience <duration>', 'how long a workspace in use is waited for (default: 15m)', parsePatience)
    .option('--not-before <instant>', 'when it begins', parseInstant)
    .option('--dry-run', 'only show what would be done, and why')
    .option('--no-wait', 'do not wait for its end')
    .addHelpText(
      'after',
      '\nExample:\n  perennial campaign start default/jdk-21 --image starter:2 --reason "security fix" --at-once 20 --max-failures 3',
    )
    .action(({ organization, id }: CampaignName, { wait, by, ...options }: StartOptions, command: Command) =>
      inSession({ context, command }, async (session) => {
        const handle = session.client.campaign(organization, id);
        const input = { ...options, ...session.by(by) } as Omit<CampaignInput, 'organization'>;
        await handle.start(input);
        if (wait) return followCampaign(session, handle);
        session.print({ json: { campaign: handle.campaign }, text: `campaign ${handle.campaign} has started` });
      }),
    );
}

function progressCommand(context: CliContext): Command {
  return named('progress', 'show how far it is')
    .option('--watch', 'show it until the campaign has ended')
    .option('--workspaces', 'show each workspace')
    .addHelpText('after', '\nExample:\n  perennial campaign progress default/jdk-21 --workspaces')
    .action(({ organization, id }: CampaignName, options: { watch?: true; workspaces?: true }, command: Command) =>
      inSession({ context, command }, async (session) => {
        const handle = session.client.campaign(organization, id);
        if (options.watch) return followCampaign(session, handle);
        const progress = await answerOf(session, handle.progress());
        const workspaces = options.workspaces ? await handle.workspaces() : null;
        const page = formatProgress(handle.campaign, progress);
        if (workspaces !== null) page.push(formatCampaignWorkspaces(workspaces, progress.dryRun));
        session.print({ json: workspaces === null ? progress : { ...progress, workspaces }, text: page.join('\n') });
      }),
    );
}

function signalCommand(context: CliContext, name: 'pause' | 'resume' | 'cancel', description: string): Command {
  return addByOption(named(name, description))
    .addHelpText('after', `\nExample:\n  perennial campaign ${name} default/jdk-21`)
    .action(({ organization, id }: CampaignName, { by }: { by?: string }, command: Command) =>
      inSession({ context, command }, async (session) => {
        const handle = session.client.campaign(organization, id);
        await handle[name](session.by(by));
        session.print({ json: { campaign: handle.campaign, sent: name }, text: `campaign ${handle.campaign}: ${name} was sent` });
      }),
    );
}

function named(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<campaign>', 'ORGANIZATION/ID, or ID in the default organization', parseCampaignName);
}
