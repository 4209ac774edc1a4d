# 公開の検索と認証ページの文言（日本語）。

search-place = 場所
search-place-help = 都道府県名、地域コード（ISO 3166-2、例：JP-23）、又は保有企業の市区町村名。働く人の住まいが分かるような詳しい場所では検索できません。
search-formerly = 旧名称：{ $name }
search-now-called = 現在の名称：{ $name }
search-facilities = 事業所 { $count } か所
search-see-all = すべての認証を見る
search-none-listed = 一時停止、取消し、返上、期間満了の認証も掲載されており、非公開や削除はありません。申請中の企業や、授与されなかった企業は掲載されません。

search-none-title-slip = 番号に打ち間違いがあります
search-none-slip = このような認証番号はありません。検査文字が合わないため、文字の誤り、抜け、入れ替わりがあります。認証ともう一度見比べるか、企業名で検索してください。
search-none-title-number = この番号は当登録簿で発行されていません
search-none-number = 番号の形は正しいものの、この番号の認証は今もこれまでもありません。ほかの登録簿の番号か、存在しない番号かもしれません。企業名で検索するか、認証ページのリンクを企業にお尋ねください。
search-none-title-name = 該当する認証はありません
search-none-name = この名称（旧名称を含む）の企業が、ここで認証を受けた記録はありません。これは企業の評価を下げるものではありません。ほかの登録簿で認証を受けていることも、認証を受けていないこともあります。名称の一部だけにするか、別の表記でお試しください。
search-none-title-narrowed = 該当する認証はありません
search-none-narrowed = 選んだ場所、制度、国、状態のすべてに当てはまる認証はありません。条件を一つずつ外してお試しください。
search-none-title-yet = まだ認証は授与されていません
search-none-yet = 授与されると、すぐにここに掲載されます。

certificate-says = この認証は、{ $body }がこの企業を制度の基準に照らして審査し、決定したことを示します。以下に、審査したこと、審査していないこと、それぞれの記載の裏付けを示します。
certificate-looked = 審査員が制度のすべての分野について基準に照らして審査し、別の者がその審査を確認し、さらに別の者が決定しました。審査日は{ $day }です。
certificate-visited-all = 対象の事業所は{ $count }か所で、制度はそのすべてを訪問するよう定めています。
certificate-visited-some = 対象の事業所は{ $count }か所です。この数の場合、制度は各種別を少なくとも一つ含む一部の事業所を訪問するよう定めています。どの事業所を訪問したかは認証には記載されません。
certificate-interviews = 働く人からは、制度の定めに従い本人の言語で話を聞きます。誰から、何人から聞いたかは公表されません。
certificate-not-facilities = ここに載っていない事業所。
certificate-not-sections = この企業に当てはまる項目がない分野：{ $sections }。
certificate-list-comma = 、
certificate-not-products = この企業の仕入先、及び製品の品質など制度の対象外のこと。
certificate-not-between = 訪問と訪問の間に起きたこと。認証は訪問した日に確かめたことを示すもので、その後のことを約束するものではありません。
certificate-command = 手元のコンピューターの akashi-verify で確かめるコマンド：

vouches-company = 裏付け：企業
vouches-why-company = 申請の際に企業が述べたことです。認証機関はそれを踏まえて審査、決定し、署名しました。
vouches-body = 裏付け：認証機関
vouches-why-body = 認証機関が審査、確認、決定し、署名したものです。登録簿が自ら調べたものではありません。
vouches-log = 裏付け：登録簿のログ
vouches-why-log = 起きたときに登録簿が公開のログに記録したものです。後から消したり変えたりすれば必ず気付かれます。ログ番号があるものには番号を添えています。
vouches-owner = 裏付け：制度の所有者
vouches-why-owner = 制度の所有者がこの版を公表し（以後変わりません）、この制度で認証することを認証機関に認めました。
