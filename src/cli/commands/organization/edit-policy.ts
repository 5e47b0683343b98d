/** Changes of a policy that depend on the present one, such as one more entry of a list. */
import { RequestFailure } from '../../../client/failure';
import type { Policy } from '../../../contract/policy';
import type { PolicyFields } from '../../input/policy-change';
import { answerOf, type Session } from '../../session';

/** Others may change the policy between each read and its write; then it is read again. */
const ATTEMPTS = 8;

/** The organization, and who asks. */
export interface PolicyEdit {
  name: string;
  by: string | undefined;
  /** The fields to set for the policy as read; null: nothing. Called again where the policy has changed meanwhile. */
  change: (present: Policy) => PolicyFields | null;
}

/** Reads the policy and sets the change, so that no other change is lost. Answers the policy, and whether it was changed. */
export async function editPolicy(
  session: Session,
  { name, by, change }: PolicyEdit,
): Promise<{ policy: Policy; isChanged: boolean }> {
  const organization = session.client.organization(name);
  for (let attempt = 1; ; attempt += 1) {
    const present = await answerOf(session, organization.policy());
    const fields = change(present);
    if (fields === null) return { policy: present, isChanged: false };
    const update = { ...fields, ...session.by(by), ifVersion: present.version };
    try {
      return { policy: await answerOf(session, organization.setPolicy(update)), isChanged: true };
    } catch (error) {
      const mayHaveMoved = error instanceof RequestFailure && error.type === 'NotAllowed' && attempt < ATTEMPTS;
      if (!mayHaveMoved || (await organization.policy()).version === present.version) throw error;
    }
  }
}
