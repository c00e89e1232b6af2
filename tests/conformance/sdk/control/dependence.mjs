/**
 * Which members of SDK 3.0.1 need which handler of roomful/conversations (../../serve.py breaks them): while that handler
 * answers 500, every row that names one of them must turn red. One or two members are enough where a handler serves all
 * the others.
 *
 * A text in place of a list says why no row can show the handler.
 *
 * @type {Record<string, string[] | string>}
 */
export const DEPENDENCE = {
  "GET /Client/v2/Configuration": ["Client#initialized"],
  "GET /Client/v2/MyConversations": ["Client.getSubscribedConversations"],
  "GET /Client/v2/MyConversations/*": ["Client.getConversationByUniqueName", "Conversation.getUnreadMessagesCount"],
  "POST /Client/v2/MyConversations/*": [
    "Conversation.advanceLastReadMessageIndex",
    "Conversation.setAllMessagesRead",
    "Conversation.setAllMessagesUnread",
    "Conversation.setUserNotificationLevel",
    "Conversation.updateLastReadMessageIndex",
  ],
  "POST /Client/v2/Conversations": ["Client.createConversation"],
  "GET /Client/v2/Conversations/*": [
    "Client.peekConversationBySid",
    "Conversation.getMessagesCount",
    "Conversation.getParticipantsCount",
  ],
  "POST /Client/v2/Conversations/*": [
    "Conversation.updateAttributes",
    "Conversation.updateFriendlyName",
    "Conversation.updateUniqueName",
  ],
  "DELETE /Client/v2/Conversations/*": ["Conversation.delete"],
  "POST /Client/v2/Conversations/*/Participants": ["Conversation.add", "Conversation.join"],
  "POST /Client/v2/Conversations/*/Participants/*": ["Participant.updateAttributes"],
  "DELETE /Client/v2/Conversations/*/Participants/*": [
    "Conversation.leave",
    "Conversation.removeParticipant",
    "Participant.remove",
  ],
  "POST /Client/v2/Conversations/*/Messages": [
    "Conversation.sendMessage",
    "MessageBuilder.buildAndSend",
    "UnsentMessage.send",
  ],
  "POST /Client/v2/Conversations/*/Messages/*": ["Message.updateAttributes", "Message.updateBody"],
  "DELETE /Client/v2/Conversations/*/Messages/*": ["Message.remove"],
  "GET /Client/v2/Users/*": ["Client.getUser", "Participant.getUser"],
  "POST /Client/v2/Users/*": ["User.updateAttributes", "User.updateFriendlyName"],
  "POST /v1/typing": ["Conversation.typing"],
  "GET /v3/Documents/*": ["Client.getConversationBySid"],
  "GET /v3/Lists/*": ["Conversation.getMessages"],
  "GET /v3/Lists/*/Items": ["Conversation.getMessages"],
  "GET /v3/Maps/*": ["Conversation.getParticipants"],
  "GET /v3/Maps/*/Items": ["Conversation.getParticipants"],
  "POST /v4/Subscriptions": ["Client#messageAdded", "Conversation#messageAdded", "Conversation#participantJoined"],
  "POST /v1/registrations": ["Client.setPushRegistrationId"],
  "DELETE /v1/registrations": ["Client.removePushRegistrations"],
  "DELETE /v1/registrations/*": ["Client.unsetPushRegistrationId"],
  "GET /Client/v2/Conversations/*/MessageRecipients": [
    "Conversation.getMessageRecipients",
    "Message.getMessageRecipients",
  ],
  "GET /Client/v2/Conversations/*/Messages/*/Receipts": ["Message.getDetailedDeliveryReceipts"],
  "GET /Client/v2/ContentTemplates": ["Client.getContentTemplates"],
  "GET /Client/v2/Conversations/*/Messages/*/ChannelMetadata": ["Message.getChannelMetadata"],
  "POST /v1/Services/*/Media": ["Media.contentType", "Media.filename"],
  "POST /v1/Services/*/MediaSet": [
    "Client.getTemporaryContentUrlsForMediaSids",
    "Message.attachTemporaryUrlsFor",
    "Message.getTemporaryContentUrlsForMedia",
  ],
  "GET /v1/Services/*/Media/*": ["Media.getContentTemporaryUrl"],
  "GET /media/*": ["Media.getContentTemporaryUrl"],
};

/**
 * The same for SDK 1.1.0 and the handlers that only 1.x asks.
 *
 * @type {Record<string, string[] | string>}
 */
export const DEPENDENCE_OF_1 = {
  "GET /Client/v1/SyncList": ["Client.getConversationByUniqueName"], // which waits for the list to be read
  "GET /Client/v1/MyChannels": ["Conversation.getUnreadMessagesCount"],
  "GET /Client/v1/MyChannels/*": ["Client.getConversationByUniqueName"],
  "GET /Client/v1/Channels/*": ["Conversation.getMessagesCount", "Conversation.getParticipantsCount"],
  "GET /Client/v1/Users/*": ["Client.getUser"],
  "POST /v3/Lists/*/Items createConversation": ["Client.createConversation"],
  "POST /v3/Lists/*/Items destroyChannel": ["Conversation.delete"],
  "POST /v3/Lists/*/Items editFriendlyName": ["Conversation.updateFriendlyName"],
  "POST /v3/Lists/*/Items editUniqueName": ["Conversation.updateUniqueName"],
  "POST /v3/Lists/*/Items editAttributes": ["Conversation.updateAttributes"],
  "POST /v3/Lists/*/Items editNotificationLevel": ["Conversation.setUserNotificationLevel"],
  "POST /v3/Lists/*/Items consumptionReportV2": ["Conversation.updateLastReadMessageIndex"],
  "POST /v3/Lists/*/Items joinChannelV2": ["Conversation.join"],
  "POST /v3/Lists/*/Items leaveChannel": ["Conversation.leave"],
  "POST /v3/Lists/*/Items addMemberV2": ["Conversation.add"],
  "POST /v3/Lists/*/Items addNonChatParticipant": ["Conversation.addNonChatParticipant"],
  "POST /v3/Lists/*/Items removeMember": ["Conversation.removeParticipant", "Participant.remove"],
  "POST /v3/Lists/*/Items editMemberAttributes": ["Participant.updateAttributes"],
  "POST /v3/Lists/*/Items sendMessage": ["Conversation.sendMessage"],
  "POST /v3/Lists/*/Items sendMediaMessage": ["Media.getContentTemporaryUrl"],
  "POST /v3/Lists/*/Items editMessage": ["Message.updateBody"],
  "POST /v3/Lists/*/Items editMessageAttributes": ["Message.updateAttributes"],
  "POST /v3/Lists/*/Items deleteMessage": ["Message.remove"],
  "POST /v3/Lists/*/Items editUserFriendlyName": ["User.updateFriendlyName"],
  "POST /v3/Lists/*/Items editUserAttributes": ["User.updateAttributes"],
};
