import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Implementation, implement } from "#platform/rpc/server.ts";
import { errorInfo } from "#platform/values/refusal.ts";
import {
  type BalanceLogEntrySchema,
  type PointLogEntrySchema,
  type UserSchema,
  UserService,
} from "#proto/shop/user/v1/user_pb.ts";
import type { BalanceLogEntry } from "./domain/balance.ts";
import type { PointLogEntry } from "./domain/points.ts";
import type { User } from "./domain/user.ts";
import { deductBalance } from "./use-cases/deduct-balance.ts";
import { getUser } from "./use-cases/get-user.ts";
import { listBalanceLog } from "./use-cases/list-balance-log.ts";
import { listPointLog } from "./use-cases/list-point-log.ts";
import { login } from "./use-cases/login.ts";
import { logout } from "./use-cases/logout.ts";
import type { Parts, SessionTokens } from "./use-cases/parts.ts";
import { refreshSession } from "./use-cases/refresh-session.ts";
import { register } from "./use-cases/register.ts";
import { topUpBalance } from "./use-cases/top-up-balance.ts";

export function userImplementation(parts: Parts): Implementation {
  return implement(UserService, {
    async register({ userName, password, mobile }) {
      return { user: userMessage(await register(parts, { userName, password, mobile })) };
    },
    async login({ userName, password, deviceToken }, call) {
      const request = { userName, password, deviceToken };
      const { user, deviceToken: kept, ...tokens } = await login(parts, request, call);
      return { ...tokensMessage(tokens), user: userMessage(user), deviceToken: kept };
    },
    async refreshSession({ refreshToken }) {
      return tokensMessage(await refreshSession(parts, refreshToken));
    },
    async logout({ refreshToken }) {
      await logout(parts, refreshToken);
      return {};
    },
    async getUser({ userId }) {
      return { user: userMessage(await getUser(parts, { userId })) };
    },
    async topUpBalance({ requestId, userId, amountCents }) {
      return { balanceCents: await topUpBalance(parts, { requestId, userId, amountCents }) };
    },
    async deductBalance({ deductions }) {
      const requests = deductions.map(({ orderId, userId, amountCents }) => {
        return { orderId, userId, amountCents };
      });
      const outcomes = await deductBalance(parts, requests);
      const results = outcomes.map(({ orderId, refusal }) => ({
        orderId,
        ...(refusal && { error: errorInfo(refusal) }),
      }));
      return { results };
    },
    async listBalanceLog(query) {
      const { entries, nextPageToken } = await listBalanceLog(parts, query);
      return { entries: entries.map(balanceLogMessage), nextPageToken };
    },
    async listPointLog(query) {
      const { entries, nextPageToken } = await listPointLog(parts, query);
      return { entries: entries.map(pointLogMessage), nextPageToken };
    },
  });
}

function tokensMessage({ expireTime, refreshExpireTime, ...tokens }: SessionTokens) {
  return {
    ...tokens,
    expireTime: timestampFromDate(expireTime),
    refreshExpireTime: timestampFromDate(refreshExpireTime),
  };
}

function userMessage(user: User): MessageInitShape<typeof UserSchema> {
  const { userId, userName, mobile, mobileE164, balanceCents, points } = user;
  const registerTime = timestampFromDate(user.registerTime);
  return { userId, userName, mobile, mobileE164, balanceCents, points, registerTime };
}

function balanceLogMessage(entry: BalanceLogEntry): MessageInitShape<typeof BalanceLogEntrySchema> {
  const { userId, type, amountCents, refundId } = entry;
  const logTime = timestampFromDate(entry.logTime);
  return { userId, orderId: entry.orderId ?? 0n, type, amountCents, refundId, logTime };
}

function pointLogMessage(entry: PointLogEntry): MessageInitShape<typeof PointLogEntrySchema> {
  const { userId, orderId, points, refundId, logTime } = entry;
  return { userId, orderId, points, refundId, logTime: timestampFromDate(logTime) };
}
