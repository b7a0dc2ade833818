"""The program: the declarations, with values from the stack's config."""

import pulumi
from company import declare

pulumi.export("versions", declare("acme", pulumi.Config().require_secret("slackToken")).versions)
