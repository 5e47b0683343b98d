/** The activities of campaigns. Each is safe twice, since the workspaces are. */
import type { CampaignReply } from '../../contract/internal/campaign';
import type { Dependencies } from '../dependencies';
import { translated } from '../failure';
import { type AwaitBuildsInput, type AwaitBuildsResult, awaitBuilds } from './await-builds';
import { type ListCampaignInput, listCampaign } from './list';
import {
  type ForceRebuildsInput,
  forceRebuilds,
  observeWorkspaces,
  type RequireRebuildsInput,
  requireRebuilds,
} from './requests';
import { type WarnTerminalsInput, warnTerminals } from './warn';

/** What workflows call. */
export function campaignActivities({ client, runtime }: Dependencies) {
  return {
    listCampaign: (input: ListCampaignInput): Promise<string[]> => translated(() => listCampaign(client, input)),
    observeWorkspaces: ({ workspaces }: { workspaces: string[] }): Promise<CampaignReply[]> =>
      translated(() => observeWorkspaces(client, workspaces)),
    requireRebuilds: (input: RequireRebuildsInput): Promise<CampaignReply[]> => translated(() => requireRebuilds(client, input)),
    forceRebuilds: (input: ForceRebuildsInput): Promise<CampaignReply[]> => translated(() => forceRebuilds(client, input)),
    awaitBuilds: (input: AwaitBuildsInput): Promise<AwaitBuildsResult> => translated(() => awaitBuilds(client, input)),
    warnTerminals: (input: WarnTerminalsInput): Promise<void> => translated(() => warnTerminals({ client, runtime }, input)),
  };
}
