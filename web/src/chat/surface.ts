/**
 * The part of the Conversations SDK that Roomful uses, as interfaces. The SDK's own classes satisfy them (the type checker
 * sees to it in sdk.ts), and so does the small fake that the unit tests run against.
 */

export interface SdkUser {
  readonly identity: string;
  readonly friendlyName: string | null;
  /** Whatever some client wrote. */
  readonly attributes: unknown;
  /** Null where the service does not tell. */
  readonly isOnline: boolean | null;
  /** Nothing more is told of this person. */
  unsubscribe(): Promise<void>;
}

export interface SdkParticipant {
  readonly sid: string;
  readonly identity: string | null;
  readonly type: string;
  /** What it allows only the chat application says. */
  readonly roleSid: string;
  /** The person has read the messages up to this one; null for none. */
  readonly lastReadMessageIndex: number | null;
  readonly conversation: { readonly sid: string };
}

export interface SdkMedia {
  readonly sid: string;
  readonly filename: string | null;
  readonly contentType: string;
  readonly size: number;
}

export interface SdkMessage {
  readonly sid: string;
  readonly index: number;
  readonly author: string | null;
  readonly body: string | null;
  readonly attributes: unknown;
  /** Who changed it last: the server says it, and `system` is whoever holds the account's keys. Null: nobody has. */
  readonly lastUpdatedBy: string | null;
  readonly attachedMedia: SdkMedia[] | null;
  readonly dateCreated: Date | null;
  readonly conversation: { readonly sid: string };
}

/**
 * A page of messages, ascending. Only the flag of the direction in which it was asked for is right, and its own ways to
 * the next page lead in circles in places (docs/protocol.md), so further pages are asked for by their anchor.
 */
export interface SdkPage<T> {
  readonly items: T[];
  readonly hasPrevPage: boolean;
  readonly hasNextPage: boolean;
}

/** A page of something that is read from the first to the last. */
export interface SdkForwardPage {
  readonly hasNextPage: boolean;
  nextPage(): Promise<SdkForwardPage>;
}

export interface SdkConversation {
  readonly sid: string;
  readonly status: "notParticipating" | "joined";
  readonly friendlyName: string | null;
  readonly attributes: unknown;
  readonly createdBy: string;
  readonly dateCreated: Date | null;
  /** This person's read horizon; null before there is one. It lags behind the calls below that set it. */
  readonly lastReadMessageIndex: number | null;
  /** Up to a second late. */
  readonly lastMessage?: { index?: number; dateCreated?: Date } | undefined;
  readonly notificationLevel: "default" | "muted";
  /** A page of messages from `anchor` on, itself included; the newest page without one. */
  getMessages(pageSize?: number, anchor?: number, direction?: "backwards" | "forward"): Promise<SdkPage<SdkMessage>>;
  getMessagesCount(): Promise<number>;
  /** Null while there is no read horizon. */
  getUnreadMessagesCount(): Promise<number | null>;
  /** These three set the read horizon; they resolve with the number of messages that are unread then. */
  advanceLastReadMessageIndex(index: number): Promise<number>;
  updateLastReadMessageIndex(index: number | null): Promise<number>;
  setAllMessagesRead(): Promise<number>;
  setUserNotificationLevel(level: "default" | "muted"): Promise<void>;
  getParticipants(): Promise<SdkParticipant[]>;
  /** Resolves with the message's index once the server has stored it. */
  sendMessage(body: string, attributes: object): Promise<number>;
  /** For a message with files. */
  prepareMessage(): SdkMessageBuilder;
  readonly limits: {
    readonly mediaAttachmentsCountLimit: number;
    /** A file's, and all of a message's together, in megabytes. */
    readonly mediaAttachmentSizeLimitInMb: number;
    readonly mediaAttachmentsTotalSizeLimitInMb: number;
  };
  /** Tells the others that this person types; the SDK sends at most one such notice every few seconds. */
  typing(): Promise<void>;
}

export interface SdkMessageBuilder {
  setBody(text: string): SdkMessageBuilder;
  setAttributes(attributes: object): SdkMessageBuilder;
  addMedia(file: { contentType: string; filename: string; media: Blob }): SdkMessageBuilder;
  build(): { send(): SdkSending };
}

/** Resolves with the message's index; cancelling it rejects, and stops the uploads. */
export interface SdkSending extends Promise<number | null> {
  cancel(): void;
}

/** Why a connection ended. The last two are there at run time, though the SDK's typings leave them out. */
export interface SdkConnectionError {
  terminal: boolean;
  message: string;
  httpStatusCode?: number | null;
  errorCode?: number | null;
}

export interface SdkEvents {
  initialized: () => void;
  initFailed: (failure: { error?: SdkConnectionError }) => void;
  connectionStateChanged: (state: string) => void;
  connectionError: (error: SdkConnectionError) => void;
  tokenAboutToExpire: () => void;
  tokenExpired: () => void;
  conversationJoined: (conversation: SdkConversation) => void;
  conversationLeft: (conversation: SdkConversation) => void;
  conversationRemoved: (conversation: SdkConversation) => void;
  conversationUpdated: (change: { conversation: SdkConversation; updateReasons: string[] }) => void;
  messageAdded: (message: SdkMessage) => void;
  messageUpdated: (change: { message: SdkMessage }) => void;
  messageRemoved: (message: SdkMessage) => void;
  participantJoined: (participant: SdkParticipant) => void;
  participantLeft: (participant: SdkParticipant) => void;
  participantUpdated: (change: { participant: SdkParticipant }) => void;
  typingStarted: (participant: SdkParticipant) => void;
  typingEnded: (participant: SdkParticipant) => void;
  userUpdated: (change: { user: SdkUser }) => void;
  /** By our wish, or to make room for another: it keeps 100. */
  userUnsubscribed: (user: SdkUser) => void;
}

export interface SdkClient {
  readonly connectionState: string;
  on<E extends keyof SdkEvents>(event: E, listener: SdkEvents[E]): unknown;
  updateToken(token: string): Promise<unknown>;
  shutdown(): Promise<void>;
  /** Somebody, as they are now; what changes is told by `userUpdated` from now on. */
  getUser(identity: string): Promise<SdkUser>;
  /** Where files can be fetched from for some minutes, by their SIDs. */
  getTemporaryContentUrlsForMediaSids(sids: string[]): Promise<Map<string, string>>;
  /** Settles when the first load of the rooms has ended; it rejects for ever if that load was cut off. */
  getSubscribedConversations(): Promise<SdkForwardPage>;
}

/** Makes a client that starts to connect at once. `options` come from the server's sign-in answer. */
export type Connect = (token: string, options: Record<string, unknown>) => Promise<SdkClient>;
