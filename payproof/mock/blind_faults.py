"""Lies that were written from the vendors' documents alone, by somebody who had read no clause.

Above each stands what the documents say. See docs/blind-faults.md for how many were caught at first sight.
"""

from payproof.mock.lie import Fault

_OAUTH = "jpmorgan-oauth"
_PROFILES = "jpmorgan-profiles"
_PAYMENTS = "jpmorgan-payments"
_ZUORA = "zuora-credentials"
_MERCADOPAGO = "mercadopago-profiles"

FAULTS = (
    # expires_in of the quick start: 3599 seconds
    Fault("token-expires-early", "A token that is announced for 3599 seconds opens nothing after 1800.", _OAUTH, "CPM-TOKEN-ACCEPTED"),
    # Client id and secret authenticate the client; invalid_client where they do not
    Fault("secret-compared-in-part", "Only the first eight characters of the client secret are compared.", _OAUTH,
          "issueToken.rejects-invalid"),
    # expires_in tells how long a token is good
    Fault("new-token-ends-old", "A new token ends the tokens that the client has, whatever time they have left.", _OAUTH,
          "CPM-TOKEN-ACCEPTED"),
    # RFC 6749 section 5.2: a client that failed by the Authorization header gets 401
    Fault("wrong-client-as-400", "A client that is not known, or has a wrong secret, is refused with 400.", _OAUTH,
          "OAUTH-CLIENT-REFUSED-401"),
    # The guide's add: the default before it is the default after it
    Fault("add-takes-default", "An added method becomes the default, although the request names no default.", _PROFILES,
          "CPM-DEFAULT-KEPT"),
    # last4CardNumber: the last four digits, as in 0919
    Fault("last-four-as-number", "last4CardNumber loses its leading zeros.", _PROFILES, "CPM-ADD-LAST4"),
    # cardExpirationMonthYearNumber: comes back as sent
    Fault("december-becomes-january", "A card that expires in December is shown as expiring in January of the next year.", _PROFILES,
          "CPM-CREATE-CARD-SHOWN"),
    # A profile has all of its methods, whatever their accountStatus
    Fault("inactive-card-not-shown", "Reading a profile leaves out the cards that are INACTIVE.", _PROFILES, "CPM-GET-SHOWS-METHODS"),
    # An update changes what it names
    Fault("profile-update-drops-reference", "An update of a profile without cardOnFileReferenceNumber deletes it.", _PROFILES,
          "CPM-PROFILE-UPDATE-UNSENT-KEPT"),
    # The guide's update: a new address has a new addressIdentifier, and the one before stays
    Fault("address-changed-in-place", "An address in the update of a method overwrites the one that it had.", _PROFILES,
          "CPM-ADDRESSES-UNCHANGED"),
    # The guide's delete: the address of the deleted card is still there
    Fault("delete-takes-address", "Deleting a method deletes its address, also where another card has it.", _PROFILES,
          "CPM-ADDRESSES-KEPT"),
    # The guide's delete: defaultMOP is as before
    Fault("delete-loses-default", "Deleting any method leaves the profile without a default.", _PROFILES, "CPM-DELETE-KEEPS-DEFAULT"),
    # Whatever is refused has changed nothing
    Fault("add-half-done", "Where one card of an add is refused for its address, the others are added all the same.", _PROFILES,
          "CPM-NO-STRANGER"),
    # createTimestamp: the same in all four answers of the guide
    Fault("create-time-moves", "A change of a profile moves its createTimestamp as well.", _PROFILES, "CPM-CREATION-KEPT"),
    # firstName, lastName: come back as sent
    Fault("holder-name-capitalised", "Names on a method are shown with only their first letter in upper case.", _PROFILES,
          "CPM-CREATE-CARD-SHOWN"),
    # The status is that of a payment method on the profile
    Fault("deleted-method-has-status", "The 3-D Secure status of a deleted method is still shown.", _PROFILES, "CPM-DELETED-METHOD-GONE"),
    # The added method has an id under which it can be updated
    Fault("adds-lost-in-race", "Of two adds to one profile at the same time only the later one is kept.", _PROFILES,
          "CPM-LISTED-METHOD-FOUND"),
    # 403 is declared, and the token is good for one merchant
    Fault("merchant-unchecked-on-reads", "A read with the merchantIdentifier of another merchant is answered.", _PROFILES,
          "CPM-MERCHANT-FOREIGN"),
    # 404 is declared for what does not exist
    Fault("default-of-unknown-as-500", "Making a method the default that does not exist is answered with 500.", _PROFILES,
          "CPM-MISSING-IS-NO-FAILURE"),
    # A void gives the authorisation back for good
    Fault("voided-captured-when-due", "A voided payment with delayed capture is captured when its time comes.", _PAYMENTS,
          "PAY-READ-CAPTURES"),
    # isAmountFinal, isFinalCapture: with this capture the payment is closed
    Fault("final-flag-ignored", "A final capture of a part leaves the rest of the authorisation open.", _PAYMENTS, "PAY-CAPTURE-CLOSES"),
    # All captures together are within the authorisation
    Fault("only-last-capture-counts", "What is left to capture is the authorised amount less the last capture only.", _PAYMENTS,
          "PAY-CAPTURED-WITHIN-AUTHORIZED"),
    # All refunds together are within what was paid
    Fault("refund-of-rest-is-all", "A refund without an amount gives the whole capture back, whatever went back before.", _PAYMENTS,
          "PAY-REFUNDED-WITHIN-CAPTURED"),
    # request-id: unique for each request
    Fault("request-id-case-folded", "Values of request-id that differ in upper and lower case only are taken for one.", _PAYMENTS,
          "PAY-ID-NEW"),
    # request-id: at most 40 characters
    Fault("request-id-cut", "A request-id is cut to 36 characters.", _PAYMENTS, "PAY-ID-NEW"),
    # amount: a whole number of minor units
    Fault("cents-by-float", "Amounts go through a binary fraction of the main unit: 115 becomes 114.", _PAYMENTS, "PAY-AMOUNT-SENT"),
    # amount: up to 999999999999
    Fault("amount-of-32-bits", "An amount of more than 2147483647 becomes 2147483647.", _PAYMENTS, "PAY-AMOUNT-SENT"),
    # amount: in minor units of the currency, of which the yen has none smaller
    Fault("yen-in-hundredths", "An amount in JPY is multiplied by 100.", _PAYMENTS, "PAY-AMOUNT-SENT"),
    # A declined payment has nothing authorised
    Fault("captures-declined", "A declined payment can be captured.", _PAYMENTS, "PAY-CAPTURE-DECLINED-REFUSED"),
    # Whatever is refused has changed nothing
    Fault("refused-raise-sticks", "A change to a higher amount with captureMethod NOW is refused and authorises it.", _PAYMENTS,
          "PAY-READ-AUTHORIZATIONS"),
    # A profile belongs to the merchant that made it
    Fault("foreign-profile-pays", "The consumer profile of another merchant can pay.", _PAYMENTS, "PAY-STORED-FOREIGN"),
    # A payment is read as it is
    Fault("payment-read-cached", "A payment that was read once is shown again as it was then.", _PAYMENTS, "PAY-READ-STATE"),
    # initiatorType: CARDHOLDER where it is left out
    Fault("merchant-initiates-by-default", "A payment without initiatorType is shown as initiated by the MERCHANT.", _PAYMENTS,
          "PAY-INITIATOR-DEFAULT"),
    # The reference's list: limit says how many profiles a page holds
    Fault("mp-page-one-longer", "A page of the list holds one profile more than its limit.", _MERCADOPAGO, "MP-LIST-LIMIT"),
    # limit: 50 where it is left out
    Fault("mp-default-limit-thirty", "A list without a limit shows 30 profiles.", _MERCADOPAGO, "MP-LIST-COMPLETE"),
    # max_day_overdue: from 1 to 10, both included
    Fault("mp-ten-days-refused", "A max_day_overdue of 10 is refused.", _MERCADOPAGO, "createPaymentProfile.accepts-valid"),
    # X-Idempotency-Key: from 1 to 64 characters
    Fault("mp-key-of-64-refused", "An X-Idempotency-Key of exactly 64 characters is refused.", _MERCADOPAGO,
          "createPaymentProfile.accepts-valid"),
    # X-Idempotency-Key: repeats of one request are found by it, and another request has another
    Fault("mp-key-case-folded", "Idempotency keys that differ in upper and lower case only are taken for one.", _MERCADOPAGO,
          "MP-CREATE-ID-NEW"),
    # X-Idempotency-Key: a request can be sent again without harm, and deleting needs a key too
    Fault("mp-delete-not-repeatable", "Deleting a method again with its key is refused, since the method is gone.", _MERCADOPAGO,
          "MP-KEY-SAME-ANSWER"),
    # sequence_control: AUTO where it is left out
    Fault("mp-sequence-manual-by-default", "A profile without sequence_control is MANUAL.", _MERCADOPAGO, "MP-CREATE-SEQUENCE-DEFAULT"),
    # default_method: the request says whether the method is the default
    Fault("mp-added-takes-default", "An added method is the default, also with default_method false.", _MERCADOPAGO, "MP-DEFAULT-KEPT"),
    # description, statement_descriptor: the answer has what was sent
    Fault("mp-texts-trimmed", "description and statement_descriptor lose the white space around them.", _MERCADOPAGO,
          "MP-CREATE-TEXTS-WHOLE"),
    # Whatever is refused has changed nothing
    Fault("mp-refused-third-spends-token", "A method that is refused as the third of a profile uses its card token up.", _MERCADOPAGO,
          "MP-TOKEN-OF-REFUSAL-FREE"),
    # A profile is listed as it is
    Fault("mp-list-cached", "A list that was shown once is shown again, as it was, until the next profile is created.", _MERCADOPAGO,
          "MP-CANCEL-SHOWN"),
    # last_updated_date: when the profile was changed last
    Fault("mp-delete-leaves-date", "Deleting a method leaves the last_updated_date of the profile as it was.", _MERCADOPAGO,
          "MP-UPDATE-MOVES"),
    # created_date: when the profile was created
    Fault("mp-created-date-moves", "A change of a profile moves its created_date as well.", _MERCADOPAGO, "MP-CREATED-KEPT"),
    # id: the unique identifier of the profile, made by the server
    Fault("mp-id-of-description", "Profiles of one customer with the same description have the same id.", _MERCADOPAGO, "MP-CREATE-ID-NEW"),
    # html_insertion_not_allowed: HTML tags are refused
    Fault("mp-upper-case-html-stored", "HTML tags in upper case are accepted and shown.", _MERCADOPAGO, "MP-CREATE-HTML"),
    # duplicate_payment_method_not_allowed: what the profile has already is not added
    Fault("mp-duplicate-added", "A card that a profile has already is added a second time.", _MERCADOPAGO, "MP-ADD-DUPLICATE"),
    # 401: header_missing without the header, Unauthorized Access Token for a wrong token
    Fault("mp-401-codes-swapped", "A missing Authorization header and a wrong token have the code of the other.", _MERCADOPAGO,
          "MP-TOKEN-WRONG-CODE"),
    # 402 payment_method_not_approved: the request failed
    Fault("mp-refused-method-leaves-card", "A method that was not approved leaves its card with the customer.", _MERCADOPAGO,
          "MP-CUSTOMER-NO-STRANGE-CARD"),
    # The reference's list: status, limit and offset are three parameters of one request
    Fault("mp-offset-lost-with-status", "A list with a status begins with the first profile, whatever the offset.", _MERCADOPAGO,
          "MP-LIST-OFFSET"),
    # Responses of more than 1000 bytes are compressed for those who take gzip
    Fault("zuora-gzip-above-1024", "Only responses of more than 1024 bytes are compressed.", _ZUORA, "ZU-GZIP-LARGE"),
    # Compression is for those who ask for it; with the weight 0 gzip is refused (RFC 9110 section 12.5.3)
    Fault("zuora-gzip-despite-q0", "A response is compressed where the client gives gzip the weight 0.", _ZUORA, "ZU-GZIP-REFUSED"),
    # Zuora-Track-Id: at most 64 characters
    Fault("zuora-track-id-of-64-refused", "A Zuora-Track-Id of exactly 64 characters is refused.", _ZUORA,
          "createStoredCredential.accepts-valid"),
    # Zuora-Track-Id: whoever sends one gets the same value back
    Fault("zuora-track-id-not-on-errors", "The Zuora-Track-Id comes back with successes only.", _ZUORA, "ZU-TRACK-ECHOED"),
    # consentAgreementRef: at most 128 characters
    Fault("zuora-reference-cut", "A consentAgreementRef of 128 characters is kept without its last one.", _ZUORA, "ZU-LIST-REFERENCE"),
    # agreedOn: the date on which the profile was agreed
    Fault("zuora-agreed-on-day-early", "The agreedOn of a profile is shown as the day before.", _ZUORA, "ZU-LIST-AGREED-ON"),
    # number: names one profile of its payment method
    Fault("zuora-number-race", "Profiles that are created at the same time get the same number.", _ZUORA, "ZU-CREATE-NUMBER-NEW"),
    # Idempotency-Key: the value identifies a request
    Fault("zuora-key-case-folded", "Idempotency keys that differ in upper and lower case only are taken for one.", _ZUORA,
          "ZU-KEY-OTHER-KEY"),
    # Idempotency-Key: at most 255 characters
    Fault("zuora-key-of-255-refused", "An Idempotency-Key of exactly 255 characters is refused.", _ZUORA,
          "createStoredCredential.accepts-valid"),
    # A repeated key brings the first status, headers and body back
    Fault("zuora-failure-replayed-as-200", "The repeated request of a failure has the first body, with the status 200.", _ZUORA,
          "ZU-KEY-SAME-FAILURE"),
    # includeAll: false, the default, lists the Agreed and the Active ones only
    Fault("zuora-include-all-false-is-true", "The list takes any value of includeAll for true, false too.", _ZUORA, "ZU-LIST-OPEN-ONLY"),
    # action: Activate where it is left out
    Fault("zuora-persist-by-default", "A profile without an action is persisted, and no cardholder is asked.", _ZUORA,
          "ZU-GATEWAY-WITHOUT-FRAMEWORK"),
    # status Agreed: no cardholder-initiated transaction is sent
    Fault("zuora-agreed-asks-cardholder", "An Agreed profile is not made where the gateway refuses a cardholder transaction.", _ZUORA,
          "ZU-AGREED-ASKS-NOBODY"),
    # expiredOn and cancelledOn: null where they do not apply
    Fault("zuora-expiry-dated-as-cancel", "An expired profile has its moment in cancelledOn.", _ZUORA, "ZU-EXPIRED"),
    # Zuora-Entity-Ids: which entity the operation is for
    Fault("zuora-other-entity-listed", "The profiles of a payment method of another entity of the tenant are listed.", _ZUORA,
          "ZU-ENTITY-SCOPE"),
    # Zuora-Org-Ids: one org without access fails the operation
    Fault("zuora-first-org-only", "Of several Zuora-Org-Ids only the first is checked.", _ZUORA, "ZU-ORG-OUTSIDE"),
    # cardSecurityCode: is sent, and is in no documented answer
    Fault("zuora-security-code-in-error", "A refused cardholder transaction quotes the cardSecurityCode.", _ZUORA,
          "ZU-SECURITY-CODE-NOT-TOLD"),
)
