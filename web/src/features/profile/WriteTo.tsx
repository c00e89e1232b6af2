import { useMutation } from "@tanstack/react-query";
import { MessageCircle, Settings } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { roomsApi } from "../../chat/roomsApi";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";

interface WriteToProps {
  identity: string;
  isMe: boolean;
  possible: boolean;
  onClose: () => void;
}

/** The way to the direct message with somebody; to the settings, when it is oneself. */
export function WriteTo({ identity, isMe, possible, onClose }: WriteToProps) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const open = useMutation({
    mutationFn: () => roomsApi.openDm([identity]),
    onSuccess: ({ sid }) => go(`/r/${sid}`),
  });
  function go(path: string): void {
    onClose();
    navigate(path);
  }

  if (isMe)
    return (
      <Button wide onClick={() => go("/settings/profile")}>
        <Icon of={Settings} />
        {t("profile.edit")}
      </Button>
    );
  if (!possible) return null;
  return (
    <>
      {open.error && <Notice>{refusal(open.error)}</Notice>}
      <Button look="primary" wide aria-disabled={open.isPending} onClick={() => open.isPending || open.mutate()}>
        <Icon of={MessageCircle} />
        {t(open.isPending ? "profile.opening" : "profile.message")}
      </Button>
    </>
  );
}
