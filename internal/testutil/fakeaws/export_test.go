package fakeaws

// SetSecretKey gives an account's secret another key, whose ARN is keyARN, for
// the versions to come.
func (a *AWS) SetSecretKey(accountID, secretARN, keyARN string) {
	a.update(accountID, func(account *account) {
		for i, s := range account.secrets {
			if s.arn == secretARN {
				changed := *s
				changed.KeyID, changed.keyARN = keyARN, keyARN
				account.secrets[i] = &changed
			}
		}
	})
}
